import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { parseConfig } from "../../src/config/config.ts";
import { parseStoredConfig } from "../../src/config/stored-config.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { RunOpener } from "../../src/report/model/open-run.ts";
import { readReport } from "../../src/report/model/read-report.ts";
import { VisitedNetworks } from "../../src/report/model/visited.ts";
import { reportPage } from "../../src/report/report.ts";
import { startSearch } from "../../src/run/run.ts";
import { costsAt } from "../../src/space/genome.ts";
import { temporaryFolder } from "../temporary.ts";
import { archivesOf } from "./archives.ts";

const folder = temporaryFolder();
let archives: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  archives = await archivesOf(folder);
}, 240_000);

const pageOf = (kind: string, run?: number) => reportPage(readReport(archives[kind], { run }));

test("networks that are over another budget of the run are not shown beside its optima", () => {
  const archive = Archive.openForReading(archives["bound"]);
  try {
    const own = new RunOpener(archive).open(archive.run(4)!);
    const all = archive.sampled(own.row.context, 3000);
    const { space, classes } = openProblem(parseStoredConfig(own.row.config, "run 4"));
    const within = all.filter(({ genome }) => costsAt(space, genome, 0, classes).bitops <= 5e9);
    expect(within.length).toBeGreaterThan(0);
    expect(within.length).toBeLessThan(all.length);
    const networks = new VisitedNetworks(archive, own);
    expect(networks.within("layers", [0, 1000], [-1e9, 1e9]).inside).toBe(within.length);
    expect(networks.within("bitops", [0, 1e12], [-1e9, 1e9]).inside).toBe(all.length);
  } finally {
    archive.close();
  }
});

test("the head, the race and the list of runs say the same gap", () => {
  const { run, race, groups } = readReport(archives["bound"], { run: 1 });
  const gap = (race!.reference - run.best!) / race!.reference;
  expect(run.bound!.gap).toBeCloseTo(gap, 9);
  expect(groups[0].runs.find(({ own }) => own)!.gap).toBe(run.bound!.gap);
});

test("a run of one generation is not said to be of an earlier version", () => {
  const page = pageOf("one");
  expect(page).toContain("It has bred one generation so far");
  expect(page).not.toContain("earlier version");
});

test("a run that scored nothing has its budgets, and another run's score is said to be that", () => {
  const page = pageOf("failed");
  expect(page).toContain("It ended before it bred any of 1,500 children.");
  expect(page).toMatch(/<dt>BitOps<\/dt><dd><b>–<\/b><\/dd><dd class="of">budget 6\.98 G<\/dd>/);
  expect(page).toMatch(/<h2 id="search-title">Another run of the problem comes to [\d.]+; no bound/);
  expect(page).not.toContain('<div class="two"><div><h3>How far');
});

test("a measured run says how its own score differs from the expected one", () => {
  expect(pageOf("forward")).toMatch(
    /The run&#39;s own score, [\d.]+, was measured with 2 draws, an input of 32×32 and at most 16 channels a conv\./,
  );
  expect(pageOf("one")).not.toContain("own score");
});

test("every axis of the population has a title and both its ends, whatever their number", () => {
  for (const kind of ["bound", "face", "forward", "resolutions"]) {
    const { axes } = readReport(archives[kind]).population!;
    const [, above, below] = /<div class="axes above">(.*?)<\/div>.*<div class="axes below">(.*?)<\/div>/s.exec(
      pageOf(kind),
    )!;
    expect(above.match(/<span><b>[^<]+<\/b> [^<]+<\/span>/g), kind).toHaveLength(axes.length);
    expect(below.match(/<span>[^<]+<\/span>/g), kind).toHaveLength(axes.length);
  }
});

test("what became of the children adds up to what is said to have been", () => {
  const { run } = readReport(archives["bound"], { run: 2 });
  const { scored, reused, duplicates, overBudget, failed } = run.fate;
  expect(scored + reused + duplicates + overBudget + failed).toBe(run.evaluations + 1);
  expect(pageOf("bound", 2)).toContain("What became of 1,500 children and the start network");
});

test("a population of one network has no mean, and the place of no child is drawn", () => {
  expect(readReport(archives["member"]).race!.mean).toEqual([]);
  expect(pageOf("member")).not.toContain("mean of this run");
  expect(readReport(archives["bound"], { run: 1 }).race!.mean.length).toBeGreaterThan(1);
});

test("what convs take by a model of operators is shown conv by conv, and adds up to the network's latency", async () => {
  const path = join(folder, "latency.sqlite");
  const search = { evaluations: 200, population: 16, generation: 50 };
  const value = { device: "stm32f746", task: "vww", latency: "qes-c-cortex-m4", budgets: { latency: 800 }, search };
  await startSearch(parseConfig(value, "test"), { archive: path, threads: 0 });
  const model = readReport(path);
  const [latency, ...others] = model.network!.operators;
  expect([latency.title, others]).toEqual(["latency", []]);
  expect(latency.values).toHaveLength(model.network!.convs.length);
  const sum = latency.values.reduce((a, b) => a + b, 0);
  expect(sum).toBeCloseTo(model.run.budgets.find(({ name }) => name === "latency")!.value!, 6);
  const page = reportPage(model);
  expect(page).toMatch(/<h3>Latency<\/h3><p>up to [\d.]+ ms, [\d.]+ ms in all<\/p>/);
  expect(page).toContain('<th scope="col" class="n">latency</th>');
  expect(pageOf("face")).not.toContain("<h3>Latency</h3>");
});

test("the gain of a bit is shown where the run seeks the entropy score", () => {
  expect(readReport(archives["one"]).network!.nextBits.length).toBeGreaterThan(0);
  expect(pageOf("one")).toMatch(/<h3>Next bit<\/h3><p>score a MBitOp, log, up to [\d.]+<\/p>/);
});

test("a compared network is marked where it differs, conv by conv", () => {
  const { best, other } = readReport(archives["bound"], { run: 1 }).comparison!;
  expect(best.convs).toHaveLength(best.channels.length);
  expect(new Set(best.convs).size).toBe(best.convs.length);
  // The stem is the same, and something else is not.
  expect(other.convs).toContain(best.convs[0]);
  expect(best.convs.some((conv) => !other.convs.includes(conv))).toBe(true);
});
