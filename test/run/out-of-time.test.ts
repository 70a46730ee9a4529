import { join } from "node:path";
import { expect, test } from "vitest";
import { Archive } from "../../src/archive/archive.ts";
import { UserError } from "../../src/base/user-error.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { resumeSearch, startSearch } from "../../src/run/run.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const { search, ...published } = presetValue("imagenet-mixed-7.0g") as Record<string, object>;
const config = parseConfig({ ...published, search: { ...search, evaluations: 6000 } }, "preset");
const clock = () => performance.now() / 1000;

test("a run that is short of time stops and keeps no failure for it; resumed, it ends like one that never was", async () => {
  const whole = await startSearch(config, { archive: join(folder, "whole.sqlite"), threads: 0, clock });
  const archive = join(folder, "short.sqlite");
  const limits = { first: 60, least: 60, factor: 20 };
  let generations = 0;
  const run = startSearch(config, {
    archive,
    threads: 2,
    clock,
    limits,
    // From then on no batch gets any time at all.
    onProgress: () => {
      if (++generations === 5) Object.assign(limits, { first: 0, least: 0, factor: 0 });
    },
  });
  await expect(run).rejects.toThrow(UserError);
  await expect(run).rejects.toThrow("a network was not scored in its time, 3 times");
  const stopped = Archive.openForReading(archive);
  const [row] = stopped.runs();
  stopped.close();
  expect(row.status).toBe("running");
  expect(row.checkpoint?.counters).toMatchObject({ generations: 5, failed: 0 });
  const resumed = await resumeSearch({ archive, threads: 2, clock });
  expect(resumed).toMatchObject({ status: "done", failed: 0, digest: whole.digest });
});
