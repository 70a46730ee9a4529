import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { readAddress } from "../../src/broker/address.ts";
import { scoringBuild } from "../../src/broker/build.ts";
import { RemoteScoring } from "../../src/broker/remote-scoring.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import { ThreadTransport } from "../../src/pool/thread-transport.ts";
import { openProblem, type Problem } from "../../src/problem/problem.ts";
import { startSearch } from "../../src/run/run.ts";
import { startWorker } from "./in-process-worker.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const poison = join(packageRoot, "test/fixtures/workers/poison.cjs");
const preset = parseConfig(presetValue("imagenet-mixed-7.0g"), "preset");
const plain: Config = { ...preset, search: { ...preset.search, evaluations: 200, stopGap: "off" } };
/** The worker is told how long a genome is. */
const config = { ...plain, length: openProblem(plain).space.genomeLength } as Config;

describe.skipIf(!hasRedis)("networks that end what scores them", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  test("are failures with a reason, and the digest is that of a search here in which they fail", async () => {
    process.env["QES_TEST_POISON"] = "thread";
    const inThreads = (problem: Problem) => {
      const transport = new ThreadTransport(packSetup(problem), 1, { worker: poison });
      return new BatchPool(transport, {
        genomeLength: problem.space.genomeLength,
        scoringContext: problem.scoringContext,
      });
    };
    const here = await startSearch(config, { archive: ":memory:", elsewhere: inThreads });
    const failed = here.failures["scoring failed 3 times: its thread ended with code 7"];
    expect(failed).toBeGreaterThan(0);
    process.env["QES_TEST_POISON"] = "process";
    const { close } = await startWorker(server.url, scoringBuild(), 2, poison);
    const address = readAddress(server.url, { where: "test", insecure: false });
    const remote = await RemoteScoring.open(address, { verify: "none" });
    try {
      await remote.ready(new AbortController().signal);
      const there = await startSearch(config, { archive: ":memory:", elsewhere: remote.pool.bind(remote) });
      expect(there.failures).toEqual({ "scoring failed 3 times: its process ended by SIGKILL": failed });
      expect(there.digest).toBe(here.digest);
    } finally {
      remote.close();
      await close();
    }
  });
});
