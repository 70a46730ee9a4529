import { hostname } from "node:os";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readAddress } from "../../src/broker/address.ts";
import { Broker } from "../../src/broker/broker.ts";
import { connect } from "../../src/broker/connection.ts";
import { beat } from "../../src/broker/registry.ts";
import { ScoreWorker } from "../../src/broker/score-worker.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { poolContract } from "../pool/contract.ts";
import { transportContract } from "../pool/transport-contract.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const BUILD = "contract";

/** A worker in this process that takes any setup. */
async function startWorker(url: string, threads: number, worker?: string) {
  const redis = await connect(readAddress(url, { where: "test", insecure: false }));
  const name = `${hostname()}:test:${Math.random()}`;
  const scoring = new ScoreWorker(redis, {
    name,
    build: BUILD,
    threads,
    worker,
    checked: (setup) => setup,
    onError: () => {},
  });
  const sign = async () => {
    const { inHand, lastMinute } = scoring;
    const own = { name, host: hostname(), process: process.pid, build: BUILD, version: "test", threads };
    await beat(redis, { ...own, inHand, lastMinute, searches: 0 });
    await scoring.look();
  };
  await sign();
  const timer = setInterval(() => sign().catch(() => {}), 1000);
  return async () => {
    await scoring.close();
    clearInterval(timer);
    redis.disconnect();
  };
}

describe.skipIf(!hasRedis)("through a broker", () => {
  let server: RedisServer;
  const ends: (() => Promise<void> | void)[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  const endAll = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const start = async (threads: number, worker?: string) => {
    ends.push(await startWorker(server.url, threads, worker));
    const broker = await Broker.open(readAddress(server.url, { where: "test", insecure: false }), { build: BUILD });
    ends.push(() => broker.close());
    return broker;
  };

  describe("transports", () => {
    afterEach(endAll);
    transportContract("a worker of two threads", async (setup, worker) => (await start(2, worker)).transport(setup));
  });

  describe("pools", () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await start(2);
    });
    afterAll(endAll);
    poolContract("a worker of two threads", (config, genomeLength) => {
      const problem = openProblem(config);
      const { scoringContext } = problem;
      const times = { genomes: 8, shortest: 0.05, longest: 0.5 };
      return new BatchPool(broker.transport(packSetup(problem)), { genomeLength, scoringContext, times });
    });
    test("it has a slot a thread, and one that waits", () => expect(broker.slots).toBe(3));
  });
});
