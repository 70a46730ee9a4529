import type { AddressInfo, Server } from "node:net";
import { afterAll, beforeAll, describe } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import { ThreadTransport } from "../../src/pool/thread-transport.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { poolContract } from "./contract.ts";
import { SocketTransport, serve } from "./socket-transport.ts";
import { transportContract } from "./transport-contract.ts";

transportContract("one thread", async (setup, worker) => new ThreadTransport(setup, 1, { worker }));
transportContract("two threads", async (setup, worker) => new ThreadTransport(setup, 2, { worker }));

describe("through a socket", () => {
  let server: Server;
  beforeAll(async () => {
    server = await serve();
  });
  afterAll(() => server.close());
  const open = (setup: Uint8Array, worker: string) =>
    new SocketTransport((server.address() as AddressInfo).port, setup, 2, worker);

  transportContract("two threads behind it", async (setup, worker) => open(setup, worker));
  poolContract("a pool behind it", (config, genomeLength) => {
    const problem = openProblem(config);
    const { scoringContext } = problem;
    return new BatchPool(open(packSetup(problem), builtFile("workers/score.cjs")), { genomeLength, scoringContext });
  });
});
