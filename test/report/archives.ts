import { join } from "node:path";
import { Archive } from "../../src/archive/archive.ts";
import { parseConfig, parseConfigText } from "../../src/config/config.ts";
import { presetText } from "../../src/config/presets.ts";
import { BoundWatch } from "../../src/run/bound-watch.ts";
import { keepSweep } from "../../src/run/kept-bounds.ts";
import { startSearch } from "../../src/run/run.ts";
import { stoppedResult } from "../support/stopped.ts";

/** A name that a page must show as it is. */
export const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&\u202e\u2066\u0007\u001b[31m`;

const value = parseConfigText(presetText("imagenet-mixed-7.0g"), "preset") as { search: object; budgets: object };

const configOf = (search: object, change: object = {}) =>
  parseConfig(
    { ...value, ...change, search: { ...value.search, evaluations: 1500, population: 24, generation: 150, ...search } },
    "test",
  );

/** Makes archives of every kind. @returns their paths by kind */
export async function archivesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const path = (name: string) => join(folder, `${name}.sqlite`);
  const run = (name: string, config: ReturnType<typeof configOf>) =>
    startSearch(config, { archive: path(name), threads: 0 });
  const watch = new BoundWatch(configOf({}));
  const { network } = await watch.last(new AbortController().signal);
  await startSearch(configOf({}), { archive: path("bound"), threads: 0, bound: watch });
  await watch.close();
  await run("bound", configOf({ seed: 2 }));
  await run("bound", configOf({ seed: 3, operators: "published" }));
  await run("bound", configOf({ seed: 1 }, { name: hostile, budgets: { bitops: 5e9, layers: 47 } }));
  // Not what is proven there: the shape alone counts here.
  const known = (score: number) => ({ upperBound: score, proven: true, networks: [{ ...network!, score }] });
  keepSweep({ path: path("bound") }, configOf({}), "bitops", () => ({
    known: [2e9, 4e9, 9e9, 14e9].map((budget, i) => ({ value: budget, known: known(1150 + 50 * i) })),
  }));
  await run("one", configOf({ evaluations: 1 }));
  await run("member", configOf({ population: 1 }));
  await run(
    "face",
    parseConfig(
      { device: "stm32f746", task: "face", search: { evaluations: 600, population: 16, generation: 100 } },
      "test",
    ),
  );
  await run("resolutions", configOf({ evaluations: 600 }, { input: { resolution: { min: 128, max: 2040, step: 8 } } }));
  const forward = {
    kind: "forward",
    repeats: 2,
    resolution: 32,
    maxChannels: 16,
    kernel: "float32",
    stageWeights: [0, 0, 1, 1, 6],
  };
  await run("forward", configOf({ evaluations: 40, generation: 20, stopGap: "off" }, { score: forward }));
  const stop = new AbortController();
  await stoppedResult(
    startSearch(configOf({ seed: 9 }), {
      archive: path("stopped"),
      threads: 0,
      stop: stop.signal,
      onProgress: () => stop.abort(),
    }),
  );
  // A run that failed before it scored anything.
  await run("failed", configOf({}));
  const archive = Archive.openForWriting(path("failed"));
  archive.createRun("failed", 1, JSON.stringify(configOf({})), "2026-01-01T00:00:00.000Z");
  archive.close();
  return Object.fromEntries(
    ["bound", "one", "member", "face", "resolutions", "forward", "stopped", "failed"].map((name) => [name, path(name)]),
  );
}
