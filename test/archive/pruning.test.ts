import { spawn } from "node:child_process";
import { copyFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { Database } from "../../src/archive/sqlite.ts";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { pruneArchive } from "../../src/run/prune.ts";
import { resumeSearch, startSearch } from "../../src/run/run.ts";
import { candidatesOf } from "../support/candidates.ts";
import { stoppedResult } from "../support/stopped.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let files = 0;
const copyOf = (path: string) => {
  const copy = join(folder, `${++files}.sqlite`);
  copyFileSync(path, copy);
  return copy;
};
const clock = () => performance.now() / 1000;
const all = { sample: Number.POSITIVE_INFINITY };
const value = presetValue("imagenet-mixed-7.0g") as { search: object; budgets: object; score: object };
const configOf = (evaluations: number, change: object = {}) =>
  parseConfig(
    { ...value, ...change, search: { ...value.search, evaluations, population: 32, generation: 200 } },
    "test",
  );
const tighter = { budgets: { ...value.budgets, bitops: 5e9 } };
const finished = join(folder, "finished.sqlite");
const interrupted = join(folder, "interrupted.sqlite");

/** Of a file, without its checkpoints: every run's digest and best score, and its candidates by run. */
function contents(path: string) {
  const archive = Archive.openForReading(path);
  const runs = archive.runs().map(({ id, status, digest, checkpoint }) => ({ id, status, digest, checkpoint }));
  const candidates = new Map<number, Set<string>>();
  for (const { id } of archive.contexts()) {
    for (const { genome, score, run } of candidatesOf(archive, id)) {
      candidates.set(run, (candidates.get(run) ?? new Set()).add(`${Buffer.from(genome).toString("hex")} ${score}`));
    }
  }
  archive.close();
  return { runs, candidates };
}

/** Stops a run of the tighter budgets half-way. */
async function stopHalfway(archive: string): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ counters }: { counters: { evaluations: number } }) => {
    if (counters.evaluations > 1000) stop.abort();
  };
  await stoppedResult(
    startSearch(configOf(2000, tighter), { archive, threads: 0, clock, stop: stop.signal, onProgress }),
  );
}

beforeAll(async () => {
  await startSearch(configOf(2000), { archive: finished, threads: 0, clock });
  copyFileSync(finished, interrupted);
  await startSearch(configOf(2000, tighter), { archive: finished, threads: 0, clock });
  await stopHalfway(interrupted);
});

test("finished runs keep their populations, digests and what these took over from each other, and verify finds nothing", () => {
  const path = copyOf(finished);
  const before = contents(path);
  const report = pruneArchive(path);
  const after = contents(path);
  expect(report).toMatchObject({ archive: path, runs: [1, 2] });
  expect(after.runs).toEqual(before.runs.map((run) => ({ ...run, status: "pruned" })));
  const members = new Set(
    before.runs.flatMap(({ checkpoint }) => {
      const { genomes, scores } = checkpoint!;
      const length = genomes.length / scores.length;
      return [...scores].map(
        (score, i) => `${Buffer.from(genomes.subarray(i * length, (i + 1) * length)).toString("hex")} ${score}`,
      );
    }),
  );
  const kept = [...after.candidates.values()].flatMap((rows) => [...rows]);
  expect(new Set(kept)).toEqual(members);
  expect(report.kept).toBe(members.size);
  expect(report.dropped).toBe([...before.candidates.values()].reduce((sum, rows) => sum + rows.size, 0) - members.size);
  expect(statSync(path).size).toBeLessThan(statSync(finished).size / 3);
  expect(verifyArchive(path, all)).toMatchObject({ runs: 2, pruned: 2, candidates: members.size, findings: [] });
  // Once more changes nothing.
  expect(pruneArchive(path)).toMatchObject({ dropped: 0, kept: members.size });
  expect(contents(path)).toEqual(after);
});

test("a pruned run cannot be extended, and says why; a new search on the archive comes to the same digest", async () => {
  const path = copyOf(finished);
  pruneArchive(path);
  for (const id of [1, undefined]) {
    await expect(resumeSearch({ archive: path, threads: 0, clock, run: id, evaluations: 3000 })).rejects.toThrow(
      /was pruned: what it has bred is no longer known, so that it cannot be extended/,
    );
  }
  const { digest, run } = await startSearch(configOf(2000), { archive: path, threads: 0, clock });
  expect(digest).toBe(contents(finished).runs[0].digest);
  expect(run).toBe(3);
  expect(verifyArchive(path, all).findings).toEqual([]);
});

test("an unfinished run loses nothing, though it took candidates over from a pruned one, and resumes to the same digest", async () => {
  const path = copyOf(interrupted);
  const before = contents(path);
  expect(before.runs[1].checkpoint!.counters.reused).toBeGreaterThan(0);
  expect(pruneArchive(path)).toMatchObject({ runs: [1] });
  const after = contents(path);
  expect(after.candidates.get(2)).toEqual(before.candidates.get(2));
  expect(after.candidates.get(1)!.size).toBeLessThan(before.candidates.get(1)!.size);
  expect(verifyArchive(path, all).findings).toEqual([]);
  const { digest } = await resumeSearch({ archive: path, threads: 0, clock, run: 2 });
  expect(digest).toBe(contents(finished).runs[1].digest);
  expect(verifyArchive(path, all).findings).toEqual([]);
});

test("every score that is no measurement is pruned", async () => {
  const path = join(folder, "expected.sqlite");
  const score = { ...value.score, kind: "expected" };
  await startSearch(configOf(200, { score }), { archive: path, threads: 0, clock });
  expect(pruneArchive(path).dropped).toBeGreaterThan(0);
  expect(verifyArchive(path, all).findings).toEqual([]);
});

test("measured scores stay, unless they are to go too", async () => {
  const path = join(folder, "measured.sqlite");
  const score = { ...value.score, kind: "forward", resolution: 32, maxChannels: 8 };
  await startSearch(configOf(60, { score, budgets: {} }), { archive: path, threads: 0, clock });
  const before = contents(path);
  expect(pruneArchive(path)).toMatchObject({ runs: [], dropped: 0 });
  expect(contents(path)).toEqual(before);
  expect(pruneArchive(path, { measured: true }).dropped).toBeGreaterThan(0);
  expect(verifyArchive(path, all).findings).toEqual([]);
});

test("archives of schema 1 are pruned, the costs that they did not know left out", () => {
  const path = copyOf(join(packageRoot, "test/fixtures/archive-v1.sqlite"));
  expect(pruneArchive(path).dropped).toBeGreaterThan(0);
  expect(verifyArchive(path, all)).toMatchObject({ findings: [] });
});

test("a damaged archive is not touched", () => {
  const path = copyOf(finished);
  const db = new Database(path);
  db.exec("UPDATE candidate SET score = score + 1 WHERE rowid = 17");
  db.close();
  const size = statSync(path).size;
  expect(() => pruneArchive(path)).toThrow(/damaged/);
  expect(statSync(path).size).toBe(size);
});

test("killed at any instant, the archive is pruned or as it was, and pruning it again ends", async () => {
  const whole = contents(finished).candidates.get(1)!.size;
  const began = performance.now();
  pruneArchive(copyOf(finished));
  const duration = performance.now() - began;
  for (let i = 0; i < 4; i++) {
    const path = copyOf(finished);
    const child = spawn(process.execPath, [builtFile("src/cli/main.js"), "prune", path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    // While Node starts nothing is written: begin with what it takes to open the archive.
    while (!held(path) && child.exitCode === null) await pause(1);
    await pause((duration * i) / 4);
    child.kill("SIGKILL");
    await exited;
    expect(verifyArchive(path, { sample: 10 }).findings).toEqual([]);
    const { runs, candidates } = contents(path);
    const statuses = runs.map(({ status }) => status);
    expect([
      ["done", "done"],
      ["pruned", "pruned"],
    ]).toContainEqual(statuses);
    if (statuses[0] === "done") expect(candidates.get(1)!.size).toBe(whole);
    pruneArchive(path);
    expect(verifyArchive(path, all).findings).toEqual([]);
  }
}, 60_000);

/** Whether a process writes to the archive. */
function held(path: string): boolean {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare("SELECT 1 FROM writer").get() !== undefined;
  } finally {
    db.close();
  }
}
