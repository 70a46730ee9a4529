import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "../../bench/durability/command.ts";
import { readRows } from "../../bench/durability/rows.ts";
import { Archive } from "../../src/archive/archive.ts";
import { builtFile } from "../../src/base/package-root.ts";
import { UserError } from "../../src/base/user-error.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { type Progress, resumeSearch, startSearch } from "../../src/run/run.ts";
import { stoppedResult } from "../support/stopped.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let files = 0;
const fresh = () => join(folder, `${++files}.sqlite`);
const clock = () => performance.now() / 1000;
const preset = presetValue("imagenet-mixed-7.0g") as { search: object };
const config = (search: object = {}): Config =>
  parseConfig(
    { ...preset, search: { ...preset.search, evaluations: 600, population: 16, generation: 60, ...search } },
    "test",
  );
const inMemory = (search?: object) => startSearch(config(search), { archive: ":memory:", threads: 0, clock });

/** Starts a search in an archive and does something at its third generation. */
const disturbed = (archive: string, disturb: () => void, search?: object) => {
  let generations = 0;
  const onProgress = (_: Progress) => {
    if (++generations === 3) disturb();
  };
  return startSearch(config(search), { archive, threads: 0, clock, onProgress });
};

test("an archive that is moved away under a search is an error; put back, the run goes on to the same digest", async () => {
  const path = fresh();
  const move = (from: string, to: string) => {
    for (const end of ["", "-wal", "-shm"]) if (existsSync(from + end)) renameSync(from + end, to + end);
  };
  await expect(disturbed(path, () => move(path, `${path}.away`))).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringContaining("deleted, or moved away while it was in use"),
      remedies: ["resume"],
    }),
  );
  expect(existsSync(path)).toBe(false);
  move(`${path}.away`, path);
  const { digest } = await resumeSearch({ archive: path, threads: 0, clock });
  expect(digest).toBe((await inMemory()).digest);
});

test("an archive that is replaced under a search is an error, and the other file is left alone", async () => {
  const path = fresh();
  const other = fresh();
  await startSearch(config({ seed: 5 }), { archive: other, threads: 0, clock });
  const before = readRows(other);
  const replace = () => {
    rmSync(path);
    copyFileSync(other, path);
  };
  await expect(disturbed(path, replace)).rejects.toThrow(/replaced by another file/);
  for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
  expect(readRows(path)).toEqual(before);
});

test("a -wal file without its archive is refused, and not deleted", () => {
  const path = fresh();
  writeFileSync(`${path}-wal`, "the latest candidates");
  for (const open of [() => Archive.openForWriting(path), () => Archive.openForReading(path)]) {
    expect(open).toThrow(/missing or empty, but its .*-wal is there/);
  }
  expect(existsSync(`${path}-wal`)).toBe(true);
});

test("a limit on file sizes ends a search with exit code 2; without it the run goes on to the same digest", async () => {
  const path = fresh();
  const line = `ulimit -f 200; exec "$0" "$@"`;
  const args = ["search", "imagenet-mixed-7.0g", "--set", "search.generation=100", "--evaluations", "3000"];
  const limited = spawnSync(
    "sh",
    [
      "-c",
      line,
      process.execPath,
      builtFile("src/cli/main.js"),
      ...args,
      "--threads",
      "0",
      "--archive",
      path,
      "--quiet",
    ],
    { encoding: "utf8" },
  );
  expect(limited.stderr).toMatch(/disk is full, or a limit on file sizes is reached.*qes resume/);
  expect(limited.status).toBe(2);
  expect(readRows(path).damage).toEqual([]);
  const { digest } = await resumeSearch({ archive: path, threads: 0, clock });
  const whole = parseConfig({ ...preset, search: { ...preset.search, generation: 100, evaluations: 3000 } }, "test");
  expect(digest).toBe((await startSearch(whole, { archive: ":memory:", threads: 0, clock })).digest);
});

test.each([24, 27, 30, 34, 38, 42])("with a limit of %i open files a search ends, or says what to do", (limit) => {
  const args = ["search", "imagenet-mixed-7.0g", "--evaluations", "100", "--archive", fresh(), "--quiet"];
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `ulimit -n ${limit}; exec "$0" "$@"`, process.execPath, builtFile("src/cli/main.js"), ...args],
    { encoding: "utf8" },
  );
  if (limit === 42) expect(stderr).toBe("");
  expect([status, stderr]).toEqual(stderr === "" ? [0, ""] : [2, expect.stringMatching(/^qes: .+\n$/)]);
});

test("a second search on an archive is refused while the first goes on undisturbed", async () => {
  const path = fresh();
  let refusal: unknown;
  const { digest } = await disturbed(path, () => {
    try {
      Archive.openForWriting(path);
    } catch (error) {
      refusal = error;
    }
    expect(Archive.openForReading(path).runs()).toHaveLength(1);
  });
  expect(refusal).toBeInstanceOf(UserError);
  expect((refusal as Error).message).toMatch(new RegExp(`held by process ${process.pid} on .*, run 1, since`));
  expect(digest).toBe((await inMemory()).digest);
});

test.each([0, 2])(
  "SIGINT in a long generation stops within seconds, drops it, and the run can go on (%i threads)",
  async (threads) => {
    const path = fresh();
    const score = ["kind=forward", "resolution=64", "repeats=20"].flatMap((set) => ["--set", `score.${set}`]);
    const args = ["search", "imagenet-mixed-7.0g", ...score, "--set", "search.generation=2000"];
    let signalled = 0;
    const outcome = await command([...args, "--threads", String(threads), "--archive", path, "--quiet", "--json"], {
      name: "SIGINT",
      after: () => {
        // The start network is scored; the first long generation is on its way.
        const begun = readRows(path).rows.length > 0;
        if (begun) signalled = performance.now();
        return begun;
      },
    });
    expect(outcome.stderr).toMatch(/go on with: qes resume/);
    expect(outcome.code).toBe(130);
    // 5 seconds after the signal on a machine of its own.
    expect(performance.now() - signalled).toBeLessThan(10_000);
    expect(readRows(path)).toMatchObject({ runs: 1, damage: [] });
  },
  60_000,
);

test("a stopped run is at a generation border and comes to the same digest when it goes on", async () => {
  const path = fresh();
  const stop = new AbortController();
  let generations = 0;
  const onProgress = () => {
    if (++generations === 4) stop.abort();
  };
  const options = { archive: path, threads: 0, clock };
  const stopped = await stoppedResult(startSearch(config(), { ...options, stop: stop.signal, onProgress }));
  expect(stopped).toMatchObject({ status: "stopped", generations: 4 });
  const { digest } = await resumeSearch(options);
  expect(digest).toBe((await inMemory()).digest);
});
