// Compiles the AssemblyScript: the kernels, once as plain SIMD and once with fused multiply-add, and the genome module.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import asc from "assemblyscript/asc";

const common = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--initialMemory", "1", "--memoryBase", "0"];
const modules = [
  ["src/kernel/assembly", "dist/src/kernel/simd.wasm", "--enable", "simd"],
  ["src/kernel/assembly", "dist/src/kernel/simd-relaxed.wasm", "--enable", "simd", "--enable", "relaxed-simd"],
  ["src/engine/assembly", "dist/src/engine/genome.wasm"],
];

for (const [folder, file, ...features] of modules) {
  mkdirSync(dirname(file), { recursive: true });
  const { error, stderr } = await asc.main([`${folder}/index.ts`, "-o", file, ...common, ...features]);
  if (error) {
    process.stderr.write(`${stderr.toString()}${error.message}\n`);
    process.exit(1);
  }
}
