import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readAddress } from "../../src/broker/address.ts";
import { Broker } from "../../src/broker/broker.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { poolContract } from "../pool/contract.ts";
import { transportContract } from "../pool/transport-contract.ts";
import { startWorker } from "./in-process-worker.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const BUILD = "contract";

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
    const { close } = await startWorker(server.url, BUILD, threads, worker);
    ends.push(close);
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
