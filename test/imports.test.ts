import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { builtFile, packageRoot } from "../src/base/package-root.ts";

/*
 * The rooms of the house, in the order of the flow, and what each is for. A file imports from its own room and from those above it, types included.
 * The table in ARCHITECTURE.md is printed from this list.
 */
const rooms: readonly (readonly [folder: string, what: string])[] = [
  [
    "src/base",
    "the error that a user can mend, text that is read and never evaluated, ln, exp and erf, the median, where built files are",
  ],
  ["src/operators", "what measured operators take: their tables, and what lies between the points"],
  [
    "src/network",
    "the table of families, bit pairs, the interchange form, the flat list of convs that everything folds over",
  ],
  ["src/memory", "what a runtime holds while it runs a network, moment by moment, and what of it is in flash"],
  ["src/costs", "BitOps, MACs, flash, SRAM, layers: folds over the convs"],
  ["src/kernel", "convolutions on noise: `reference`, `float32`, `simd`"],
  ["src/score", "the scores of a network; the closed form"],
  ["src/score/expected", "its mean, computed without noise"],
  ["src/score/forward", "the score measured by a kernel"],
  ["src/score/kinds", "the table of scores"],
  ["src/space", "genome and ranges of a search"],
  ["src/engine", "the genome module in WebAssembly: breeds, fits to budgets, hashes, costs and scores genomes"],
  ["src/config", "the schema and its defaults, devices, tasks, presets"],
  ["src/problem", "what a configuration asks for: space, limits, start, scorer; all that a thread needs"],
  ["src/search", "population, seen-set, the loop, the digest: no files, no clock"],
  ["src/bound/graph", "a space as layers that touch in channels and one bit-width, with tables of their figures"],
  ["src/bound/lagrange", "prices of budgets and the best path under them"],
  ["src/bound/labels", "what prices leave open: beginnings of networks, label by label"],
  ["src/bound", "proves how far the optimum can be (docs/bound.md), sweeps a budget"],
  ["src/bound/proof", "certificates, and their checking without the solver"],
  ["src/bits", "the best bits for fixed widths; what one more bit gives"],
  ["src/formats", "files of structures, networks layer by layer, their weights"],
  ["src/integer", "a network in whole numbers, and the interpreter that firmware is compared with"],
  ["src/firmware", "a network as C: the plan of its memory, packed weights, source text"],
  ["src/onnx", "ONNX models: the protobuf of their files, a network as a graph"],
  ["src/exports", "what a network is handed over as: the table of formats, PyTorch, C"],
  ["src/pool", "scores genomes here or in threads that may fail; measures where it takes least"],
  ["src/broker", "scores on other machines, by a queue that they all reach"],
  ["src/archive", "the only SQL; a thread that writes beside the search"],
  ["src/run", "composes all of it: runs, resuming, stopping, the bound beside a search, the audit of an archive"],
  ["src/report/model", "what a report shows, as plain values, and the reading of it from an archive"],
  ["src/report/page", "the text of HTML and SVG, scales and figures, colours, the policy of a page"],
  ["src/report/views", "a view of a report a file: a pure function of the plain values"],
  ["src/report", "pages put together from views"],
  ["src/report/live", "a page that follows a run: its server, and what a tick reads and says"],
  ["src/bench", "what `qes bench` measures"],
  ["src", "the public API"],
  ["workers", "the threads' first files"],
  ["src/cli/render", "tables, figures and progress for a person"],
  ["src/cli", "arguments, output, exit codes: nowhere else"],
];
const roomOf = (file: string) => rooms.findIndex(([folder]) => folder === dirname(file).replace(/\/assembly$/, ""));

const sources = ["src", "workers"].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("assembly/"))
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

test("every file is in a room, and src itself holds the public API alone", () => {
  expect(sources.filter((file) => roomOf(file) < 0)).toEqual([]);
  expect(sources.filter((file) => dirname(file) === "src")).toEqual(["src/index.ts"]);
});

test("no import goes against the flow", () => {
  const against = imports.filter(({ from, to }) => /\.ts$/.test(to) && (roomOf(to) > roomOf(from) || roomOf(to) < 0));
  expect(against.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test("ARCHITECTURE.md has the table of the rooms", async () => {
  const cells = [["room", "what it is"], ["---", "---"], ...rooms.map(([folder, what]) => [`\`${folder}\``, what])];
  const table = cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
  expect(textOf("ARCHITECTURE.md"), `expected this table:\n${table}`).toContain(table);
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

test("addresses of the genome module stay in the engine's folder", () => {
  const inner = ["src/engine/assembly/layout.ts", "src/engine/memory.ts", "src/engine/compiled-space.ts"];
  const own = imports.filter(({ to }) => inner.includes(to));
  expect(own.length).toBeGreaterThan(0);
  expect(own.filter(({ from }) => !from.startsWith("src/engine/"))).toEqual([]);
});

test("only the archive knows SQLite, and one file of it which package; beside it threads alone load a package late", () => {
  const own = users(/better-sqlite3|\bSELECT\b/);
  expect(own.filter((file) => !file.startsWith("src/archive/"))).toEqual([]);
  const loading = imports.filter(({ to, typesOnly }) => to.startsWith("better-sqlite3") && !typesOnly);
  expect(loading).toEqual([]);
  expect(users(/createRequire/)).toEqual(["src/archive/sqlite.ts", "src/pool/thread-transport.ts"]);
});

test("only the command line touches arguments, output and exit codes", () => {
  const own = users(/process\.(?:argv|stdout|stderr|exit|exitCode)\b|console\./);
  expect(own.filter((file) => !file.startsWith("src/cli/"))).toEqual([]);
});

test("what speaks to a broker is loaded by the commands that were given one", () => {
  const importers = imports.filter(({ to }) => to === "bullmq" || to === "ioredis").map(({ from }) => from);
  expect(importers.filter((file) => !file.startsWith("src/broker/"))).toEqual([]);
  const into = imports.filter(
    ({ from, to, typesOnly }) => to.startsWith("src/broker/") && !from.startsWith("src/broker/") && !typesOnly,
  );
  const late = into.filter(({ from, to }) => codeOf(from).includes(`import("../broker/${basename(to)}")`));
  expect(into.filter((each) => !late.includes(each)).map(({ from }) => from)).toEqual(["workers/scoring.ts"]);
  expect(late.length).toBeGreaterThan(2);
});

test("yargs is the command line's, piscina the pool's, zod and yaml those that read files of settings", () => {
  const importers = (name: string) => imports.filter(({ to }) => to === name).map(({ from }) => from);
  expect(importers("yargs").filter((file) => !file.startsWith("src/cli/"))).toEqual([]);
  expect(importers("piscina").filter((file) => !file.startsWith("src/pool/"))).toEqual([]);
  const readers = ["config", "device", "issues", "runtime", "score-schema", "sweep-plan", "task"].map(
    (file) => `src/config/${file}.ts`,
  );
  expect(importers("zod").sort()).toEqual(["src/bound/proof/certificate.ts", ...readers, "src/run/sweep.ts"]);
  expect(importers("yaml").sort()).toEqual(["src/base/yaml-text.ts", "src/cli/import.ts", "src/cli/presets.ts"]);
});

test("the threads load nothing that reads settings or starts other threads", () => {
  const loaded = new Set(["workers/archive.ts", "workers/bound.ts", "workers/score.ts", "workers/what-if.ts"]);
  for (const file of loaded) {
    for (const { from, to, typesOnly } of imports) if (from === file && !typesOnly) loaded.add(to);
  }
  expect(["zod", "yaml", "yargs", "piscina", "src/config/config.ts"].filter((name) => loaded.has(name))).toEqual([]);
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
  "src/network/",
  "src/memory/",
  "src/costs/",
  "src/kernel/",
  "src/score/",
  "src/space/",
  "src/engine/",
  "src/search/",
];

test("what a result depends on knows no clock, no chance and no files", () => {
  for (const folder of pure) {
    expect(users(/Math\.random|Date\.now|new Date|performance\.now|setTimeout|randomUUID|randomBytes/, folder)).toEqual(
      [],
    );
    const builtins = imports.filter(({ from, to }) => from.startsWith(folder) && to.startsWith("node:"));
    // SHA-256, a function of its input.
    expect(builtins.filter(({ from }) => from !== "src/search/digest.ts")).toEqual([]);
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
