import type { AddressInfo, Server } from "node:net";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtFile } from "../../src/base/package-root.ts";
import { parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { BatchPool } from "../../src/pool/batch-pool.ts";
import { packSetup } from "../../src/pool/message.ts";
import { ThreadTransport } from "../../src/pool/thread-transport.ts";
import { openProblem } from "../../src/problem/problem.ts";
import { poolContract } from "./contract.ts";
import { SocketTransport, serve } from "./socket-transport.ts";
import { transportContract } from "./transport-contract.ts";

transportContract("one thread", async (setup, worker) => new ThreadTransport(setup, 1, { worker }));
transportContract("two threads", async (setup, worker) => new ThreadTransport(setup, 2, { worker }));

test("a transport that is closed at once ends no thread before it runs", async () => {
  const events: string[] = [];
  const note = (thread: Worker) => {
    for (const event of ["online", "exit"] as const) thread.once(event, () => events.push(event));
  };
  process.on("worker", note);
  const setup = packSetup(openProblem(parseConfig(presetValue("imagenet-mixed-7.0g"), "preset")));
  await new ThreadTransport(setup, 2).close();
  process.off("worker", note);
  expect(events).toEqual(["online", "online", "exit", "exit"]);
});

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
