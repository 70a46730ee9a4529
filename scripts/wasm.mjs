// Compiles the AssemblyScript: the kernels as plain SIMD, with int8 and with fused multiply-add too, and the genome module.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const common = ["-O3", "--converge", "--noAssert", "--runtime", "stub", "--initialMemory", "1", "--memoryBase", "0"];
const relaxed = ["--enable", "simd", "--enable", "relaxed-simd"];
const modules = [
  ["src/kernel/assembly", "src/kernel/simd.wasm", "--enable", "simd"],
  ["src/kernel/assembly", "src/kernel/simd-int8.wasm", ...relaxed],
  ["src/kernel/assembly", "src/kernel/simd-relaxed.wasm", ...relaxed, "--use", "FUSED=1"],
  ["src/engine/assembly", "src/engine/genome.wasm"],
];
/** Compiling takes seconds, so that every module is kept under the hash of what it came of. */
const cache = "node_modules/.cache/qes";

/** Writes the modules below a folder, compiling those that were not compiled before. */
export async function buildWasm(folder) {
  for (const [source, file, ...features] of modules) {
    const settings = [...common, ...features];
    const kept = join(cache, `${hashOf(source, settings)}.wasm`);
    if (!existsSync(kept)) await compile(source, kept, settings);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(kept, join(folder, file));
  }
}

async function compile(source, file, settings) {
  mkdirSync(cache, { recursive: true });
  // Another build may compile the same.
  const own = `${file}.${process.pid}`;
  // Loaded where it is needed: it takes longer than the rest of a build.
  const { default: asc } = await import("assemblyscript/asc");
  const { error, stderr } = await asc.main([`${source}/index.ts`, "-o", own, ...settings]);
  if (error) {
    rmSync(own, { force: true });
    throw new Error(`${source}: ${stderr.toString()}${error.message}`);
  }
  renameSync(own, file);
}

function hashOf(source, settings) {
  const { version } = JSON.parse(readFileSync("node_modules/assemblyscript/package.json", "utf8"));
  const hash = createHash("sha256").update(JSON.stringify([version, settings]));
  for (const file of readdirSync(source).sort()) {
    const content = readFileSync(join(source, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
