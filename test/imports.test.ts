import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { builtFile, packageRoot } from "../src/package-root.ts";

/*
 * The direction of the imports. A file may import from its own layer and from those before it; types alone may come from anywhere
 * (they are gone at run time).
 */
const layers: readonly (readonly string[])[] = [
  ["src/user-error.ts", "src/package-root.ts", "src/yaml-text.ts", "src/nearest.ts", "src/wasm-module.ts"],
  ["src/space/families.ts", "src/input-resolution.ts"],
  ["src/network.ts"],
  ["src/structure.ts", "src/literal.ts", "src/live-memory.ts"],
  ["src/structures-file.ts", "src/costs.ts", "src/devices.ts"],
  ["src/score/", "src/kernel/"],
  ["src/space/"],
  ["src/search/", "src/refine-chain.ts", "src/refine.ts", "src/rank.ts"],
  ["src/search-problem.ts"],
  ["src/config.ts", "src/presets.ts"],
  ["src/bound/", "src/pool/"],
  ["src/candidate.ts", "src/digest.ts", "src/start.ts", "src/stored-state.ts", "src/stopping.ts"],
  ["src/archive/"],
  ["src/archive.ts"],
  ["src/commit-queue.ts", "src/bound-watch.ts"],
  ["src/run.ts"],
  ["src/population-check.ts"],
  ["src/verify.ts"],
  ["src/index.ts", "workers/"],
  ["src/cli/", "bench/"],
];

const layerOf = (file: string) =>
  layers.findIndex((layer) => layer.some((entry) => file === entry || (entry.endsWith("/") && file.startsWith(entry))));
/** families.ts is in src/space but below it, so that the exact entry wins. */
const levelOf = (file: string) => {
  const exact = layers.findIndex((layer) => layer.includes(file));
  return exact >= 0 ? exact : layerOf(file);
};

const sources = ["src", "workers"].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("assembly"))
    .map((file) => join(folder, file)),
);
const textOf = (file: string) => readFileSync(join(packageRoot, file), "utf8");
/** Without comments. */
const codeOf = (file: string) =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

function importsOf(file: string): Import[] {
  const found = codeOf(file).matchAll(
    /(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s+"([^"]+)"|import\s+"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...found].map(([, type, names, from, bare, dynamic]) => {
    const to = from ?? bare ?? dynamic;
    const members = names
      ?.match(/^\{([\s\S]*)\}$/)?.[1]
      .split(",")
      .map((n) => n.trim())
      .filter(Boolean);
    return {
      from: file,
      to: to.startsWith(".") ? relative(packageRoot, resolve(packageRoot, dirname(file), to)) : to,
      typesOnly: type !== undefined || (members?.every((name) => name.startsWith("type ")) ?? false),
    };
  });
}

const imports = sources.flatMap(importsOf);

test("the imports were found", () => {
  expect(sources.length).toBeGreaterThan(30);
  expect(imports.length).toBeGreaterThan(80);
});

test("every file has a layer", () => {
  expect(sources.filter((file) => levelOf(file) < 0)).toEqual([]);
});

test("no import goes against the flow", () => {
  const against = imports.filter(
    ({ from, to, typesOnly }) => !typesOnly && /\.ts$/.test(to) && levelOf(to) > levelOf(from),
  );
  expect(against.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test("no two files import each other in a circle", () => {
  const edges = new Map<string, string[]>();
  for (const { from, to, typesOnly } of imports) if (!typesOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (path.includes(file) || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(circles).toEqual([]);
});

const users = (pattern: RegExp, within = "") =>
  sources.filter((file) => file.startsWith(within) && pattern.test(codeOf(file)));

test("only the archive knows SQLite", () => {
  const own = users(/better-sqlite3|\bSELECT\b/);
  expect(own.filter((file) => file !== "src/archive.ts" && !file.startsWith("src/archive/"))).toEqual([]);
});

test("only the command line touches arguments, output and exit codes", () => {
  const own = users(/process\.(?:argv|stdout|stderr|exit|exitCode)\b|console\./);
  expect(own.filter((file) => !file.startsWith("src/cli/"))).toEqual([]);
});

test("yargs is the command line's, piscina the pool's, zod and yaml those that read files of settings", () => {
  const importers = (name: string) => imports.filter(({ to }) => to === name).map(({ from }) => from);
  expect(importers("yargs").filter((file) => !file.startsWith("src/cli/"))).toEqual([]);
  expect(importers("piscina").filter((file) => !file.startsWith("src/pool/"))).toEqual([]);
  expect(importers("zod").sort()).toEqual(["src/bound/certificate.ts", "src/config.ts"]);
  expect(importers("yaml").sort()).toEqual(["src/cli/presets.ts", "src/devices.ts", "src/yaml-text.ts"]);
});

test("the threads load nothing that reads settings or starts other threads", () => {
  const loaded = new Set(["workers/archive.ts", "workers/bound.ts", "workers/score.ts"]);
  for (const file of loaded) {
    for (const { from, to, typesOnly } of imports) if (from === file && !typesOnly) loaded.add(to);
  }
  expect(["zod", "yaml", "yargs", "piscina", "src/config.ts"].filter((name) => loaded.has(name))).toEqual([]);
});

// Node 20 crashes where a thread is ended while it requires an ES module, and threads are ended at any time.
test("a scoring thread is CommonJS and requires no package", () => {
  const required = [...readFileSync(builtFile("workers/score.cjs"), "utf8").matchAll(/\brequire\("([^"]+)"\)/g)];
  expect(required.length).toBeGreaterThan(0);
  expect(required.map(([, name]) => name).filter((name) => !isBuiltin(name))).toEqual([]);
  const stand = readdirSync(join(packageRoot, "test/fixtures/workers"));
  expect(stand.filter((file) => !file.endsWith(".cjs"))).toEqual([]);
});

const pure = [
  "src/space/",
  "src/search/",
  "src/score/",
  "src/kernel/",
  "src/costs.ts",
  "src/network.ts",
  "src/live-memory.ts",
];

test("what a result depends on knows no clock, no chance and no files", () => {
  for (const folder of pure) {
    expect(users(/Math\.random|Date\.now|new Date|performance\.now|setTimeout|crypto/, folder)).toEqual([]);
    expect(imports.filter(({ from, to }) => from.startsWith(folder) && to.startsWith("node:"))).toEqual([]);
  }
});

test("what a result depends on uses only functions that every machine rounds alike", () => {
  const inexact =
    /Math\.(?:log|log10|log1p|exp|expm1|pow|sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|cbrt|hypot)\b/;
  for (const folder of pure) expect(users(inexact, folder)).toEqual([]);
  // Math.log2 sizes a table, nothing else.
  expect(pure.flatMap((folder) => users(/Math\.log2/, folder))).toEqual(["src/search/seen-set.ts"]);
});

test("the public API only re-exports", () => {
  expect(
    codeOf("src/index.ts")
      .replace(/export\s+(?:type\s+)?\{[^}]*\}\s*from\s*"[^"]+";/g, "")
      .trim(),
  ).toBe("");
});
