// Bundles the program: loading a few files takes a fraction of the time that loading hundreds does, in every process and thread.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** Those that are published and share chunks. Tests start program and archive by themselves. */
const program = ["src/index", "src/cli/main", "src/cli/program", "src/archive/archive"];
/** Those of the workshop, with chunks of their own. */
const workshop = [
  "ablation",
  "expected-error",
  "firmware",
  "machines/drills",
  "machines/slow-worker",
  "machines/sweeps",
  "machines/traffic",
  "mixed-precision",
  "optimism",
  "durability/soak",
  "durability/damage",
  "durability/fuzz",
  "durability/verify-beside",
];
/** One file each, and CommonJS: a thread that needs no loader of ES modules starts sooner. The last is a process. */
const threads = ["workers/archive", "workers/bound", "workers/score", "workers/what-if", "workers/scoring"];

const options = {
  platform: "node",
  // The first starts threads from files of its own, the second is for developers alone, a broker is spoken to by few. SQLite is required at run time.
  external: ["piscina", "fast-check", "bullmq", "ioredis"],
  experimental: { attachDebugInfo: "simple" },
};

/** Writes the bundles below a folder, and the licences of what was copied into them. */
export async function bundle(folder) {
  const packages = new Set();
  const write = async (names, output) => {
    const build = await rolldown({ ...options, input: Object.fromEntries(names.map((name) => [name, `${name}.ts`])) });
    const { output: chunks } = await build.write({ dir: folder, entryFileNames: "[name].js", ...output });
    await build.close();
    for (const id of chunks.flatMap(({ moduleIds }) => moduleIds)) {
      const copied = id.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
      if (copied !== undefined) packages.add(copied);
    }
  };

  await write(program, { format: "esm", chunkFileNames: "src/chunks/[name]-[hash].js" });
  // npx runs the command of the package it is in as it stands.
  chmodSync(join(folder, "src/cli/main.js"), 0o755);
  const benches = workshop.map((name) => `bench/${name}`);
  await write(benches, { format: "esm", chunkFileNames: "bench/chunks/[name]-[hash].js" });
  await write(["study/main"], { format: "esm", chunkFileNames: "study/chunks/[name]-[hash].js" });
  for (const thread of threads) {
    await write([thread], { format: "cjs", entryFileNames: "[name].cjs", codeSplitting: false });
  }
  writeFileSync(join(folder, "licences.txt"), [...packages].sort().map(licenceOf).join("\n\n"));
}

/** What a package asks to go with every copy of it. */
function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name}: no licence to copy`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
}
