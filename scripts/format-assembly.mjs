/*
 * Formats the AssemblyScript as biome formats the rest; with --check, names the files that are not so. Biome takes a decorator of a function for an
 * error, and is handed a comment in its place.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const check = process.argv.includes("--check");
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => /assembly[\\/][^\\/]*\.ts$/.test(file))
  .map((file) => join("src", file));
const biome = join("node_modules", "@biomejs", "biome", "bin", "biome");

for (const file of files) {
  const text = readFileSync(file, "utf8");
  const formatted = format(text.replace(/^( *)@/gm, "$1//@")).replace(/^( *)\/\/@/gm, "$1@");
  if (formatted === text) continue;
  if (check) {
    console.error(`${file}: not formatted; npm run format`);
    process.exitCode = 1;
  } else writeFileSync(file, formatted);
}

function format(text) {
  // Its name decides the language; the folder of AssemblyScript is none of biome's.
  const { status, stdout, stderr } = spawnSync(process.execPath, [biome, "format", "--stdin-file-path=src/any.ts"], {
    input: text,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
