import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { readAddress } from "../../src/broker/address.ts";
import { scoringBuild } from "../../src/broker/build.ts";
import { RemoteScoring } from "../../src/broker/remote-scoring.ts";
import type { Verify } from "../../src/broker/trust.ts";
import { type Config, defaultScore, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { startSearch } from "../../src/run/run.ts";
import { startWorker } from "./in-process-worker.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const lying = join(packageRoot, "test/fixtures/workers/lying.cjs");
const preset = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
const config: Config = {
  ...preset,
  score: {
    ...defaultScore("forward"),
    stageWeights: preset.score.stageWeights,
    repeats: 1,
    resolution: 32,
    maxChannels: 8,
  },
  search: { ...preset.search, evaluations: 300, stopGap: "off" },
};

describe.skipIf(!hasRedis)("a worker that lies", () => {
  let server: RedisServer;
  const build = scoringBuild();
  const address = () => readAddress(server.url, { where: "test", insecure: false });
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  /** A search by one thread of a liar, and of an honest worker that comes where it is banned. */
  async function searchWithLiar(honestBatches: number, verify: Verify) {
    process.env["QES_TEST_HONEST_BATCHES"] = String(honestBatches);
    const liar = await startWorker(server.url, build, 1, lying);
    const found: { worker: string; flaw: string }[] = [];
    const ends = [liar.close];
    const onLie = (worker: string, flaw: string) => {
      found.push({ worker, flaw });
      startWorker(server.url, build, 1).then(({ close }) => ends.push(close));
    };
    const remote = await RemoteScoring.open(address(), { verify, onLie });
    try {
      await remote.ready(new AbortController().signal);
      const options = { archive: ":memory:", elsewhere: remote.pool.bind(remote) };
      const result = await startSearch(config, options).catch((error: Error) => error);
      if (found.length > 0) for (let tries = 0; liar.banned() === undefined && tries < 100; tries++) await after(100);
      return { result, found, liar };
    } finally {
      remote.close();
      for (const end of ends) await end();
    }
  }

  test("is caught at its first batch, named and told to end; the result is as without it", async () => {
    const truth = await startSearch(config, { archive: ":memory:", threads: 0 });
    const { result, found, liar } = await searchWithLiar(0, "some");
    expect(result).toMatchObject({ digest: truth.digest, failures: {}, workerFaults: {} });
    expect(found).toHaveLength(1);
    expect(found[0].worker).toBe(liar.name);
    const [told, right] = found[0].flaw.split(" in the place of ").map(Number);
    expect(told).toBe(right + 1);
    expect(liar.banned()).toBe(found[0].flaw);
  });

  test("in the midst of a generation: what it scored before is scored again", async () => {
    const truth = await startSearch(config, { archive: ":memory:", threads: 0 });
    const { result, found } = await searchWithLiar(5, "all");
    expect(result).toMatchObject({ digest: truth.digest, failures: {}, workerFaults: {} });
    expect(found).toHaveLength(1);
  });

  test("where no batch is checked: the final population shows it", async () => {
    const { result, liar } = await searchWithLiar(3, "none");
    expect(result).toBeInstanceOf(Error);
    expect((result as Error).message).toMatch(
      /a network of the final population has the score [\d.]+, got [\d.]+ from one of /,
    );
    expect((result as Error).message).toContain(liar.name);
  });
});
