// Bundles the program into dist: loading a few files takes a fraction of the time that loading hundreds does, in every process and thread.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Those that share chunks. The durability runs and tests start program and archive by themselves. */
const entries = [
  "src/index",
  "src/cli/main",
  "src/cli/program",
  "src/archive/archive",
  "bench/ablation",
  "bench/mixed-precision",
  "bench/durability/soak",
  "bench/durability/damage",
  "bench/durability/fuzz",
];
/** One file each, and CommonJS: a thread that needs no loader of ES modules starts sooner. */
const threads = ["workers/archive", "workers/bound", "workers/score"];

const options = {
  platform: "node",
  // The first is native code, the second starts threads from files of its own, the third is for developers alone.
  external: ["better-sqlite3", "piscina", "fast-check"],
  experimental: { attachDebugInfo: "simple" },
};
const bundled = new Set();

// What an earlier build left would be taken for a part of this one.
rmSync("dist", { recursive: true, force: true });
await bundle(entries, { format: "esm", entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" });
// npx runs the command of the package it is in as it stands.
chmodSync("dist/src/cli/main.js", 0o755);
for (const thread of threads) {
  await bundle([thread], { format: "cjs", entryFileNames: "[name].cjs", codeSplitting: false });
}
writeFileSync("dist/licences.txt", [...bundled].sort().map(licenceOf).join("\n\n"));

async function bundle(names, output) {
  const input = Object.fromEntries(names.map((name) => [name, `${name}.ts`]));
  const build = await rolldown({ ...options, input });
  const { output: chunks } = await build.write({ dir: "dist", ...output });
  await build.close();
  for (const id of chunks.flatMap(({ moduleIds }) => moduleIds)) {
    const folder = id.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
    if (folder !== undefined) bundled.add(folder);
  }
}

/** What a package asks to go with every copy of it. */
function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name}: no licence to copy`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
}
