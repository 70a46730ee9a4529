import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { verifyBeside } from "../../bench/durability/verify-beside.ts";
import { Archive, SCHEMA_VERSION } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { PopulationCheck } from "../../src/run/population-check.ts";
import { resumeSearch, SearchStopped, startSearch } from "../../src/run/run.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let files = 0;
const copyOf = (path: string) => {
  const copy = join(folder, `${++files}.sqlite`);
  copyFileSync(path, copy);
  return copy;
};
const fixture = join(packageRoot, "test/fixtures/archive-v1.sqlite");
const clock = () => performance.now() / 1000;
const all = { sample: Number.POSITIVE_INFINITY };
const sound = join(folder, "sound.sqlite");

beforeAll(async () => {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object; budgets: object };
  const search = { ...value.search, evaluations: 300, population: 16, generation: 60 };
  const options = { archive: sound, threads: 0, clock };
  await startSearch(parseConfig({ ...value, search }, "test"), options);
  // Takes most of its scores over from the first.
  await startSearch(parseConfig({ ...value, search, budgets: { ...value.budgets, bitops: 5e9 } }, "test"), options);
});

test("a sound archive has nothing wrong, every candidate scored again", () => {
  const report = verifyArchive(sound, all);
  expect(report).toMatchObject({ schema: SCHEMA_VERSION, runs: 2, findings: [] });
  expect(report.recomputed).toBe(report.candidates);
  expect(verifyArchive(sound, { sample: 10 }).recomputed).toBeLessThan(30);
});

test("a run that grew past its first members, was stopped and extended, has nothing wrong; a member that is no candidate is found", async () => {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  const path = join(folder, "grown.sqlite");
  const search = { ...value.search, evaluations: 6000, population: 24, generation: 200 };
  await startSearch(parseConfig({ ...value, search }, "test"), { archive: path, threads: 0, clock });
  expect(verifyArchive(path, all).findings).toEqual([]);
  await resumeSearch({ archive: path, threads: 0, clock, run: 1, evaluations: 9000 });
  const archive = Archive.openForReading(path);
  const { checkpoint, config } = archive.run(1);
  const length = openProblem(parseConfig(JSON.parse(config), "run 1")).space.genomeLength;
  const check = (change: (genomes: Uint8Array, scores: Float64Array) => void) => {
    const genomes = checkpoint!.genomes.slice();
    const scores = checkpoint!.scores.slice();
    change(genomes, scores);
    const population = new PopulationCheck(parseConfig(JSON.parse(config), "run 1"), length, {
      ...checkpoint!,
      genomes,
      scores,
    });
    archive.eachStored(1, (stored) => population.take({ count: stored.scores.length, ...stored }));
    return population.passed;
  };
  expect(checkpoint!.scores).toHaveLength(24);
  expect(check(() => {})).toBe(true);
  expect(check((genomes) => genomes.set([genomes[3 * length + 2] ^ 1], 3 * length + 2))).toBe(false);
  expect(check((genomes) => genomes.set([genomes[23 * length + 2] ^ 1], 23 * length + 2))).toBe(false);
  expect(check((_, scores) => scores.set([scores[22] + 1e-9], 22))).toBe(false);
  // The best one left out.
  expect(check((genomes, scores) => [genomes.copyWithin(0, length), scores.copyWithin(0, 1)])).toBe(false);
  archive.close();
});

/** What SQL does to a sound archive, and what verify then finds. */
const injuries: readonly (readonly [string, RegExp])[] = [
  ["UPDATE candidate SET score = score + 1e-9 WHERE rowid = 17", /do not match their checksum/],
  ["UPDATE candidate SET bitops = bitops + 1 WHERE rowid = 17", /do not match their checksum/],
  ["UPDATE candidate SET genome = (SELECT genome FROM candidate WHERE rowid = 3) WHERE rowid = 17", /there twice/],
  ["UPDATE candidate SET score = NULL WHERE rowid = 17", /neither a score nor a failure/],
  ["DELETE FROM candidate WHERE rowid = 17", /expected \d+ candidates, got \d+/],
  ["DELETE FROM generation WHERE run = 1 AND generation = 2", /no checksum/],
  ["UPDATE run SET config = replace(config, '\"seed\":1', '\"seed\":2') WHERE id = 1", /run 1: it does not match/],
  ["UPDATE run SET digest = 'ff' WHERE id = 1", /run 1: it does not match its checksum/],
  ["UPDATE run SET checkpoint = x'00' WHERE id = 2", /run 2: it does not match its checksum/],
  [
    "UPDATE context SET key = replace(key, '\"sigmaWeight\":4', '\"sigmaWeight\":5')",
    /scoring context 1 does not match/,
  ],
  ["DELETE FROM reused", /do not match their checksum/],
];

test.each(injuries)("%s is found, and resume does not trust it", async (sql, finding) => {
  const path = copyOf(sound);
  const db = new Database(path);
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
  db.close();
  expect(verifyArchive(path, all).findings.join("\n")).toMatch(finding);
  if (/there twice/.test(String(finding))) return;
  // Another run's row is not read.
  const run = finding.source.startsWith("run 1: ") ? 1 : 2;
  await expect(resumeSearch({ archive: path, threads: 0, clock, run, evaluations: 400 })).rejects.toThrow(/damaged/);
});

test("a population over the budgets of its run is found, every checksum right", () => {
  const archive = Archive.openForReading(sound);
  const { config, name, started, checkpoint } = archive.run(1);
  const [{ id, key }] = archive.contexts();
  const all = [...archive.generations(id)].filter(({ run }) => run === 1);
  archive.close();
  const forged = (budget: number) => {
    const path = join(folder, `${++files}.sqlite`);
    const value = JSON.parse(config);
    const changed = { ...value, budgets: { ...value.budgets, bitops: budget } };
    const copy = Archive.openForWriting(path);
    const context = copy.contextId(key);
    const run = copy.createRun(name, context, JSON.stringify(changed), started);
    for (const stored of all.sort((a, b) => a.generation - b.generation)) {
      copy.commit({ ...stored, run, context, checkpoint: checkpoint!, seconds: 1, done: true });
    }
    copy.close();
    return verifyArchive(path, { sample: 10 }).findings;
  };
  const { budgets } = JSON.parse(config);
  expect(forged(budgets.bitops)).toEqual([]);
  expect(forged(budgets.bitops / 4)).toEqual([
    expect.stringMatching(/^run 1: member 0 .* over its budget of bitops: \d+ > /),
  ]);
});

/** Writes the first page of the candidates over the last but one, so that the numbers of their rows fall. */
function repeatRows(path: string): void {
  const db = new Database(path);
  const size = db.pragma("page_size", { simple: true }) as number;
  const root = db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'candidate'").pluck().get() as number;
  db.close();
  const bytes = readFileSync(path);
  const page = (number: number) => bytes.subarray((number - 1) * size, number * size);
  // A page of numbers of other pages: https://www.sqlite.org/fileformat.html#b_tree_pages
  const top = page(root);
  expect(top[0]).toBe(0x05);
  const child = (i: number) => page(top.readUInt32BE(top.readUInt16BE(12 + 2 * i)));
  child(top.readUInt16BE(3) - 1).set(child(0));
  writeFileSync(path, bytes);
}

test.each([
  ["schema 1", fixture],
  ["today's schema", sound],
])("an archive of %s whose rows are out of order is damaged, and reading it ends", (_, whole) => {
  const path = copyOf(whole);
  repeatRows(path);
  for (const command of ["verify", "prune", "resume --run 1 --evaluations 400"]) {
    const args = [builtFile("src/cli/main.js"), ...command.split(" "), path];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
    expect(stdout + stderr).toMatch(/out of order|is damaged/);
    expect(status).toBe(2);
  }
});

test("beside a search that writes there is nothing wrong", async () => {
  const report = await verifyBeside({ verifications: 4, evaluations: 120_000 });
  expect(report).toMatchObject({ verifications: 4, findings: [] });
});

test("an archive of schema 1 is read as it is, and migrated by a resume that comes to the known digest", async () => {
  expect(verifyArchive(fixture, all)).toMatchObject({ schema: 1, runs: 3, findings: [] });
  const path = copyOf(fixture);
  const { run, digest } = await resumeSearch({ archive: path, threads: 0, clock });
  expect(run).toBe(3);
  // Of run 3 as the program that wrote the fixture ends it without a stop.
  expect(digest).toBe("b266d0b0bd9945fa18b4253453caef5b0171c1387ddaa3dc8b3047837d92754b");
  expect(verifyArchive(path, all)).toMatchObject({ schema: SCHEMA_VERSION, findings: [] });
  const archive = Archive.openForReading(path);
  expect(archive.run(1).digest).toBe("a8232ea5c7d81f4ad277bc622945e61143065df64857e67568681058fe7c5711");
  archive.close();
});

test("an archive of schema 2 is read as it is, and migrated by a resume that comes to the known digest", async () => {
  const second = join(packageRoot, "test/fixtures/archive-v2.sqlite");
  expect(verifyArchive(second, all)).toMatchObject({ schema: 2, runs: 3, findings: [] });
  const path = copyOf(second);
  const { run, digest } = await resumeSearch({ archive: path, threads: 0, clock });
  expect(run).toBe(3);
  // Of run 3 as the program that wrote the fixture ends it without a stop.
  expect(digest).toBe("46d0870d81185aa335d918671350c69ad924ae835f24939ca5b2949e9566346c");
  expect(verifyArchive(path, all)).toMatchObject({ schema: SCHEMA_VERSION, findings: [] });
  const archive = Archive.openForReading(path);
  expect(archive.progress(1)).toEqual([]);
  expect(archive.progress(3).at(-1)).toMatchObject({ children: 300, best: archive.run(3).checkpoint?.scores[0] });
  archive.close();
});

function runsOf(path: string) {
  const archive = Archive.openForReading(path);
  const runs = archive.runs();
  archive.close();
  return runs;
}

test("reading what earlier runs left heeds a stop, tells how far it is, and loses nothing", async () => {
  const path = copyOf(sound);
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  const config = (evaluations: number) => parseConfig({ ...value, search: { ...value.search, evaluations } }, "test");
  await startSearch(config(60_000), { archive: path, threads: 0, clock });
  const before = runsOf(path);
  const stop = new AbortController();
  const told: [number, number][] = [];
  const onLoad = (...progress: [number, number]) => {
    told.push(progress);
    stop.abort();
  };
  const options = { archive: path, threads: 0, clock, onLoad, run: 3, evaluations: 61_000 };
  await expect(resumeSearch({ ...options, stop: stop.signal })).rejects.toThrow(SearchStopped);
  expect(told).toHaveLength(1);
  const [[loaded, candidates]] = told;
  expect(loaded).toBeLessThan(candidates);
  expect(runsOf(path)).toEqual(before);
  const { run } = await resumeSearch(options);
  expect(run).toBe(3);
  expect(told.length).toBeGreaterThan(2);
  expect(verifyArchive(path, { sample: 10 }).findings).toEqual([]);
});
