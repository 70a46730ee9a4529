// Compiles the kernels' AssemblyScript to dist/src/kernel: one module of plain SIMD, one with fused multiply-add.
import { mkdirSync } from "node:fs";
import asc from "assemblyscript/asc";

const entry = "src/kernel/assembly/index.ts";
const common = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--initialMemory", "1", "--memoryBase", "0"];
const modules = [
  ["simd", ["--enable", "simd"]],
  ["simd-relaxed", ["--enable", "simd", "--enable", "relaxed-simd"]],
];

mkdirSync("dist/src/kernel", { recursive: true });
for (const [name, features] of modules) {
  const { error, stderr } = await asc.main([entry, "-o", `dist/src/kernel/${name}.wasm`, ...common, ...features]);
  if (error) {
    process.stderr.write(`${stderr.toString()}${error.message}\n`);
    process.exit(1);
  }
}
