import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { parseStructure } from "../../src/network/structure.ts";
import { figuresOf } from "../../study/figures.ts";
import { pageWith, readmeSentence } from "../../study/page.ts";
import { resultsOf } from "../../study/results.ts";
import { appendRow, type Row, readRows } from "../../study/rows.ts";
import { type Sampled, sampleNetworks } from "../../study/sampler.ts";
import { costsOf, device, provenOptimum, scoreOf } from "../../study/space.ts";
import { plannedTrainings } from "../../study/trainings.ts";

const textOf = (file: string) => readFileSync(join(packageRoot, file), "utf8");
const networks = JSON.parse(textOf("docs/study/networks.json")) as Sampled[];
const rows = readRows(join(packageRoot, "docs/study/rows.csv"));
const part = (letter: string) => networks.filter(({ id }) => id.startsWith(letter));
const structureOf = (id: string) => networks.find((network) => network.id === id)!.structure;

test("every number and figure of docs/study.md comes from the rows, and so does the README's sentence, in under 10 s", () => {
  const began = process.cpuUsage();
  const results = resultsOf(rows, networks);
  const page = textOf("docs/study.md");
  expect(pageWith(page, results)).toBe(page);
  for (const [name, figure] of figuresOf(results)) expect(textOf(join("docs/study", name)), name).toBe(figure);
  expect(textOf("README.md").replace(/\s+/g, " ")).toContain(readmeSentence(results));
  expectBelow10Seconds(began);
});

/** CPU time, which a busy machine does not change. */
function expectBelow10Seconds(began: NodeJS.CpuUsage): void {
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1e6).toBeLessThan(10);
}

test("accuracies that follow the score are found to, in every part, from all rows in under 10 s", () => {
  const began = process.cpuUsage();
  const made = networks.flatMap(({ id, structure }) =>
    [1, 2, 3].map((seed): Row => {
      const { bitops, macs, flash, sramLive, layers: convs } = costsOf(structure);
      const analytic = scoreOf(structure);
      const accuracy = 0.7 + analytic / 2000 + (seed - 2) / 1000;
      const costs = { bitops, macs, weights: flash, flash, sramLive, convs };
      const settings = { trainAccuracy: 0.8, epochs: 3, batch: 128, cpuSeconds: 60, digest: "", torch: "", ended: "" };
      return { network: id, seed, accuracy, analytic, expected: analytic, measured: -analytic, ...costs, ...settings };
    }),
  );
  const results = resultsOf(made, networks);
  expect(results.noise).toBeCloseTo(0.1, 9);
  for (const { costs, scores } of [results.a, results.b]) {
    expect(costs[0].tau).toEqual({ value: 1, low: 1, high: 1 });
    expect(scores.find(({ name }) => name.startsWith("measured"))!.tau.value).toBe(-1);
  }
  // 1/20 of a point of accuracy a point of score; Welch's half interval of three and three seeds 0.1 apart is 2.776 * 0.1 * sqrt(2 / 3).
  const [{ id, difference }] = results.differences;
  expect(id).toBe("c8");
  expect(difference.value).toBeCloseTo((scoreOf(structureOf("b24")) - scoreOf(structureOf("c8"))) / 20, 9);
  expect(difference.high - difference.value).toBeCloseTo(2.7764 * 0.1 * Math.sqrt(2 / 3), 4);
  expect([...figuresOf(results).keys()]).toEqual(["a.svg", "b.svg", "c.svg", "d.svg"]);
  const page = pageWith(textOf("docs/study.md"), results);
  expect(page).toContain(`${3 * networks.length} trainings stand`);
  expect(page).not.toContain("NaN");
  expect(readmeSentence(results)).toContain("is 1.00, 95% interval 1.00 to 1.00");
  expectBelow10Seconds(began);
});

test("the page changes with a row", () => {
  const [first, ...others] = rows;
  const page = textOf("docs/study.md");
  expect(pageWith(page, resultsOf([{ ...first, accuracy: first.accuracy + 0.0001 }, ...others], networks))).not.toBe(
    page,
  );
});

test("rows are those of the planned trainings, each once, with the figures of their networks", () => {
  const planned = new Set(plannedTrainings().map(({ network, seed }) => `${network} ${seed}`));
  const found = rows.map(({ network, seed }) => `${network} ${seed}`);
  expect(new Set(found).size).toBe(rows.length);
  expect(found.filter((training) => !planned.has(training))).toEqual([]);
  for (const row of rows) {
    const structure = structureOf(row.network);
    const { bitops, macs, flash, sramLive, layers } = costsOf(structure);
    expect(row).toMatchObject({ bitops, macs, flash, sramLive, convs: layers, analytic: scoreOf(structure) });
    expect(row.accuracy).toBeGreaterThan(0.1);
    expect(row.accuracy).toBeLessThan(1);
  }
});

test("the networks are those that the plan asks for", () => {
  expect([part("a").length, part("b").length, part("c").length]).toEqual([20, 24, 3]);
  for (const { id, structure } of networks) expect(parseStructure(structure, id)).toEqual(structure);
  part("a").forEach(({ structure }, i) => {
    const { bitops, macs, layers } = costsOf(structure);
    expect(Math.abs(bitops / (4e6 * 8 ** (i / 19)) - 1)).toBeLessThanOrEqual(0.05);
    expect(macs).toBeLessThanOrEqual(0.8e6);
    expect(layers).toBeLessThanOrEqual(14);
  });
  const optimum = structureOf("b24");
  expect(optimum).toEqual(provenOptimum([3, 4, 5, 6, 7, 8], device));
  const budgets = costsOf(optimum);
  for (const { structure } of part("b")) {
    const costs = costsOf(structure);
    for (const name of ["bitops", "flash", "sramLive"] as const) {
      expect(costs[name]).toBeLessThanOrEqual(budgets[name]);
      expect(costs[name]).toBeGreaterThanOrEqual(0.98 * budgets[name]);
    }
  }
  const scores = part("b").map(({ structure }) => scoreOf(structure));
  expect(scores).toEqual(scores.toSorted((x, y) => x - y));
  for (const bits of [8, 4, 3]) expect(structureOf(`c${bits}`)).toEqual(provenOptimum([bits], device));
});

test.runIf(process.env["QES_SLOW_TESTS"] === "1")(
  "sampling again gives the same networks",
  () => {
    expect(sampleNetworks()).toEqual(networks);
  },
  900_000,
);

test("a row is added whole, and a line that was cut off is no row", () => {
  const folder = mkdtempSync(join(tmpdir(), "qes-study-"));
  const file = join(folder, "rows.csv");
  try {
    expect(readRows(file)).toEqual([]);
    const [first, second] = [rows[0], { ...rows[0], seed: 77 }];
    appendRow(file, first);
    const whole = readFileSync(file, "utf8");
    expect(readRows(file)).toEqual([first]);
    appendRow(file, second);
    const both = readFileSync(file, "utf8");
    for (let cut = whole.length; cut < both.length; cut += 9) {
      writeFileSync(file, both.slice(0, cut));
      expect(readRows(file)).toEqual([first]);
      appendRow(file, second);
      expect(readFileSync(file, "utf8")).toBe(both);
    }
    writeFileSync(file, "other,columns\n");
    expect(() => readRows(file)).toThrow("expected the columns network,");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
