import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { UserError } from "../../src/base/user-error.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { ArchiveMerger } from "../../src/run/merge.ts";
import { pruneArchive } from "../../src/run/prune.ts";
import { resumeSearch, startSearch } from "../../src/run/run.ts";
import { candidatesOf } from "../support/candidates.ts";
import { stoppedResult } from "../support/stopped.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

function configOf(search: object, preset = "imagenet-mixed-7.0g"): Config {
  const value = presetValue(preset) as { search: object };
  return parseConfig({ ...value, search: { ...value.search, evaluations: 3000, stopGap: "off", ...search } }, "test");
}

const run = (config: Config, archive: string) => startSearch(config, { archive, threads: 0 });

/** Genomes and scores by scoring context. */
function contents(path: string): Map<string, Map<string, number | null>> {
  const archive = Archive.openForReading(path);
  const all = new Map<string, Map<string, number | null>>();
  for (const { id, key } of archive.contexts()) {
    const rows = all.get(key) ?? new Map<string, number | null>();
    all.set(key, rows);
    for (const { genome, score } of candidatesOf(archive, id)) {
      const hex = Buffer.from(genome).toString("hex");
      expect(rows.has(hex)).toBe(false);
      rows.set(hex, score);
    }
  }
  archive.close();
  return all;
}

const digests = (path: string) => {
  const archive = Archive.openForReading(path);
  const rows = archive.runs().map(({ digest, status }) => digest ?? status);
  archive.close();
  return rows;
};

describe("archives of several searches", () => {
  const sources = ["a.sqlite", "b.sqlite", "c.sqlite"].map(at);
  const merged = at("merged.sqlite");
  beforeAll(async () => {
    await run(configOf({ seed: 1 }), sources[0]);
    await run(configOf({ seed: 2 }), sources[0]);
    // The first generations of one seed are the same whatever follows.
    await run(configOf({ seed: 2, evaluations: 5000 }), sources[1]);
    await run(configOf({ seed: 1 }, "stm32f412-imagenet"), sources[1]);
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const options = { archive: sources[2], threads: 0, stop: stop.signal, onProgress };
    await stoppedResult(startSearch(configOf({ seed: 3 }), options));
    const merger = new ArchiveMerger(merged);
    for (const path of sources) merger.add(path);
    merger.close();
  });

  test("are one archive with the candidates of all, each once, and every digest", () => {
    const union = new Map<string, Map<string, number | null>>();
    for (const path of sources) {
      for (const [key, rows] of contents(path)) union.set(key, new Map([...(union.get(key) ?? []), ...rows]));
    }
    expect(contents(merged)).toEqual(union);
    expect(digests(merged).sort()).toEqual(sources.flatMap(digests).sort());
    const [first] = Archive.openForReading(merged).contexts();
    const alone = contents(sources[0]).get(first.key)!.size + contents(sources[1]).get(first.key)!.size;
    expect(union.get(first.key)!.size).toBeLessThan(alone);
  });

  test("verify finds nothing wrong, all scores computed again", () => {
    const report = verifyArchive(merged, { sample: Number.POSITIVE_INFINITY });
    expect(report.findings).toEqual([]);
    expect(report.recomputed).toBe(report.candidates);
  });

  test("adding them again adds nothing", () => {
    const before = contents(merged);
    const merger = new ArchiveMerger(merged);
    const again = sources.flatMap((path) => merger.add(path));
    merger.close();
    expect(again.every(({ known }) => known)).toBe(true);
    expect(again).toHaveLength(5);
    expect(contents(merged)).toEqual(before);
    expect(digests(merged)).toHaveLength(5);
  });

  test("an unfinished run goes on there to what it comes to alone", async () => {
    const alone = await run(configOf({ seed: 3 }), ":memory:");
    const resumed = await resumeSearch({ archive: merged, threads: 0 });
    expect(resumed).toMatchObject({ status: "done", digest: alone.digest });
    expect(verifyArchive(merged).findings).toEqual([]);
  });

  test("what was pruned is merged as it is left", async () => {
    await run(configOf({ seed: 4 }), at("pruned.sqlite"));
    pruneArchive(at("pruned.sqlite"));
    const merger = new ArchiveMerger(at("all.sqlite"));
    merger.add(at("pruned.sqlite"));
    merger.add(merged);
    merger.close();
    expect(verifyArchive(at("all.sqlite")).findings).toEqual([]);
    expect(verifyArchive(at("all.sqlite")).pruned).toBe(1);
  });
});

test("an archive into itself, and what is none, are refused", () => {
  const merger = new ArchiveMerger(at("target.sqlite"));
  expect(() => merger.add(at("target.sqlite"))).toThrow(UserError);
  expect(() => merger.add(at("none.sqlite"))).toThrow(/no such archive/);
  merger.close();
  expect(() => new ArchiveMerger(folder)).toThrow(UserError);
});
