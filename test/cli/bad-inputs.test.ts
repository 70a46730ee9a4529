import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inProcess } from "../../bench/durability/in-process.ts";
import { presetText, presetValue } from "../../src/config/presets.ts";
import { temporaryFolder } from "../temporary.ts";

// Untrusted input: configurations, --set, structures files, archives. Mistakes in the command line itself are in errors.test.ts.

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";
const yaml = presetText(preset);
const { start } = (presetValue(preset) as { space: { start: Record<string, unknown>[] } }).space;
const change = (from: string, to: string) => {
  expect(yaml).toContain(from);
  return yaml.replace(from, to);
};
const block = (change: object) => JSON.stringify([{ ...start[0], ...change }, ...start.slice(1)]);

const configurations: Readonly<Record<string, string>> = {
  "an empty file": "",
  "a list": "- 1\n- 2",
  "a number": "42",
  "a duplicate key": `${yaml}\nname: twice`,
  "a deep list": "[".repeat(5000),
  "a deep map": "{a: ".repeat(5000),
  "deep dashes": "- ".repeat(5000),
  "deep indentation": Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
  "an alias bomb": `a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c, *c]`,
  "many aliases": `a: &a 1\nb: [${"*a, ".repeat(1000)}]`,
  "many keys": Array.from({ length: 6000 }, (_, i) => `k${i}: 1`).join("\n"),
  "a long file": "#".repeat(70_000),
  "two documents": "---\na: 1\n---\nb: 2",
  "a tag that would run code": "!!js/function 'function () { process.exit() }'",
  "a binary file": "\u0000\u0001\u0002\u0003",
  "a prototype": `__proto__: { polluted: true }\n${yaml}`,
  "a constructor": `constructor: { prototype: { polluted: true } }\n${yaml}`,
  "a start that is text": change("space:", "space: x\nother:"),
  "a start without blocks": `space: { family: quant-k1dwk1, start: [] }`,
  "a start without super blocks": `space: { family: quant-k1dwk1, start: [{ class: ConvKXBNRELU, in: 3, out: 8, k: 3, s: 2 }] }`,
  "a chain that is broken": change("in: 16, out: 24", "in: 24, out: 24"),
  "a width of 0": change("out: 24", "out: 0"),
  "a width of 1e9": change("out: 1280", "out: 1e9"),
  "a head wider than a gene": change("out: 1280", "out: 2048"),
  "an even kernel": change("out: 24, k: 3", "out: 24, k: 4"),
  "a device that is a folder": "device: ./\ntask: kws",
  "a device that never ends": "device: /dev/zero\ntask: kws",
  "a device that is no file": "device: ./none.yaml\ntask: kws",
  "a device that is a list": "device: [rp2040]\ntask: kws",
  "a device of bytes": "device: { name: d, memory: { sram: 270336, flash: 2097152 }, capability: cmsis-nn }\ntask: kws",
  "a task that is a device": "device: rp2040\ntask: rp2040",
  "a stride of 3": change("k: 3, s: 2, nbitsA", "k: 3, s: 3, nbitsA"),
  "bits that are text": change("nbitsA: 8", "nbitsA: eight"),
  "an unknown class": change("class: SuperQuantResK1DWK1", "class: SuperQuantResK1DWK2"),
  "an unknown family": change("family: quant-k1dwk1", "family: quant-k1dwk2"),
};

const assignments: readonly string[] = [
  "score.sigmaWeight=1e9",
  "score.sigmaWeight=1e-300",
  "score.sigmaWeight=5e-324",
  "score.sigmaWeight=1e300",
  "score.sigmaActivation=0",
  "score.sigmaActivation=-1",
  "score.sigmaActivation=.nan",
  "score.sigmaActivation=.inf",
  "score.sigmaActivation='5'",
  "score.stageWeights=[1]",
  "score.stageWeights=[]",
  "score.stageWeights=[1, -1, 1, 1, 1]",
  "score.kind=trained",
  "search.seed=-1",
  "search.seed=1e16",
  "search.seed=1.5",
  "search.population=0",
  "search.population=1e9",
  "search.generation=0",
  "search.generation=lots",
  "budgets.bitops=0",
  "budgets.bitops=1",
  "budgets.layers=1",
  "budgets.layers=2.5",
  "budgets.ram=1",
  "input.resolution=0",
  "input.resolution=1e6",
  "input.channels=4",
  "space.kernels=[2]",
  "space.kernels=[]",
  "space.bits=[0]",
  "space.bits=[16]",
  "space.maxOut=12",
  "space.stemOut=[32, 8]",
  "space.maxDepth=1000",
  "space.start.0.out=x",
  "name=",
  "__proto__.polluted=1",
  "constructor.prototype.polluted=1",
  "space.start.__proto__.polluted=1",
  "name.length=1",
  "search",
  "=1",
  "search.seed=[",
  "search..seed=1",
];

const structures: Readonly<Record<string, string>> = {
  "an empty file": "",
  "text behind the value": `${block({})} x`,
  "half a list": block({}).slice(0, -1),
  "a deep list": "[".repeat(100_000),
  "a deep object": '{"a":'.repeat(100_000),
  "a prototype": '{"__proto__": {"polluted": 1}, "best_structures": []}',
  "code of Python": '__import__("os").system("true")',
  "code of JavaScript": "process.exit(0)",
  "no structures": '{"best_structures": []}',
  "a number": "1e999",
  "a block that is a list": "[[1, 2], [3, 4]]",
  "a width that is text": block({ out: "16" }),
  "a negative width": block({ out: -16 }),
  "a width of 1e300": block({ out: 1e300 }),
  "a stride of 0": block({ s: 0 }),
  "an unknown field": block({ dilation: 2 }),
  "bits of 0": block({ nbitsA: 0 }),
  "bits without the others": block({ nbitsW: undefined }),
  "a resolution of 1e9": JSON.stringify({ resolution: 1e9, structure: start }),
  "65 blocks": JSON.stringify(new Array(65).fill(start[0])),
};

mkdirSync(join(folder, "files"));
let files = 0;
const file = (text: string, end: string) => {
  const path = join(folder, "files", `${++files}.${end}`);
  writeFileSync(path, text);
  return path;
};
const archive = join(folder, "never.sqlite");
const search = ["--archive", archive, "--evaluations", "50", "--quiet", "--threads", "0"];

const table: readonly (readonly [string, readonly string[]])[] = [
  ...Object.entries(configurations).map(([name, text]) => [name, ["search", file(text, "yaml"), ...search]] as const),
  ...assignments.map((text) => [`--set ${text}`, ["search", preset, "--set", text, ...search]] as const),
  ...Object.entries(structures).map(([name, text]) => [name, ["score", file(text, "json")]] as const),
];

test("the table is long", () => {
  expect(table.length).toBeGreaterThan(60);
});

test("every bad input has its exit code and its message, answers within a second, and changes nothing", async () => {
  const lines: string[] = [];
  for (const [name, args] of table) {
    const began = process.cpuUsage();
    const { code, stdout, stderr } = await inProcess(args);
    const { user, system } = process.cpuUsage(began);
    // A search that runs has its bound to compute.
    expect((user + system) / 1e6, `${name}: seconds`).toBeLessThan(code === 0 ? 10 : 1.5);
    expect("polluted" in {}, name).toBe(false);
    // Some extremes are legal; what they score must then be a number.
    if (code === 0) expect(stdout, name).toMatch(/best score -?\d/);
    else expect(code, `${name}: ${stderr}`).toBe(2);
    const message = stderr
      .replaceAll(folder, "FOLDER")
      .replace(/files\/\d+/g, "FILE")
      .split("\n")
      .slice(0, 2);
    lines.push(`${name} | ${code} | ${code === 0 ? "" : message.join(" ").trim().slice(0, 200)}`);
  }
  expect(lines.join("\n")).toMatchSnapshot();
}, 120_000);
