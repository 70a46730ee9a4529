import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { archivedRuns } from "../../src/run/archived.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { resumeSearch, SearchStopped, startSearch } from "../../src/run/run.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const config = parseConfig({ device: "stm32f746", task: "vww", search: { evaluations: 500 } }, "test");

test.each([-1, 1.5, Number.NaN, 257, Number.POSITIVE_INFINITY])(
  "%s threads are refused before there is an archive",
  async (threads) => {
    const archive = join(folder, "threads.sqlite");
    const run = startSearch(config, { archive, threads });
    await expect(run).rejects.toThrow(UserError);
    await expect(run).rejects.toThrow(
      `threads: expected a whole number from 0 to 256, got ${threads}; give one, or none`,
    );
    expect(existsSync(archive)).toBe(false);
  },
);

test("a run stopped before it began says so by name, and is not extended to a number that is none", async () => {
  const archive = join(folder, "stopped.sqlite");
  const stopped = await startSearch(config, { archive, threads: 0, stop: AbortSignal.abort() }).catch(
    (error: unknown) => error,
  );
  expect(stopped).toBeInstanceOf(SearchStopped);
  expect(stopped).toMatchObject({ name: "SearchStopped", run: 1, result: undefined });
  for (const evaluations of [Number.NaN, 700.5, Number.POSITIVE_INFINITY]) {
    const run = resumeSearch({ archive, threads: 0, run: 1, evaluations });
    await expect(run).rejects.toThrow(UserError);
    await expect(run).rejects.toThrow(
      `evaluations: expected a whole number of children in all, got ${evaluations}; give one`,
    );
  }
  expect(archivedRuns(archive)).toMatchObject([{ status: "stopped", of: 500, evaluations: 0 }]);
});

test("an audit scores 100 candidates again unless told, and none is no audit", async () => {
  const archive = join(folder, "audited.sqlite");
  await startSearch(config, { archive, threads: 0 });
  const whole = verifyArchive(archive, { sample: Number.POSITIVE_INFINITY });
  expect(whole.recomputed).toBe(whole.candidates);
  expect(verifyArchive(archive)).toEqual(verifyArchive(archive, { sample: 100 }));
  for (const sample of [Number.NaN, 0, -1]) {
    expect(() => verifyArchive(archive, { sample })).toThrow(
      `sample: expected 1 or more candidates, got ${sample}; Infinity checks all`,
    );
  }
});
