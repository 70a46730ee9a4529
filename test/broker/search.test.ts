import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Started, startQes } from "../cli/qes.ts";
import { digestOf, machines } from "./machines.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

const slow = process.env["QES_SLOW_TESTS"] === "1";
const long = slow ? test : () => {};

describe.skipIf(!hasRedis)("a search on several machines has the digest of one machine", () => {
  let server: RedisServer;
  const { folder, archive, truth, worker, search, bred } = machines(() => server.url);
  let digest: string;
  const workers: Started[] = [];
  const start = async () => {
    const started = await worker();
    workers.push(started);
    return started;
  };
  beforeAll(async () => {
    server = await startRedis();
    digest = await truth();
  });
  afterEach(async () => {
    for (const { process, outcome } of workers.splice(0)) {
      process.kill("SIGKILL");
      await outcome;
    }
  });
  afterAll(() => server.stop());

  test("a worker that is killed costs seconds; one that is told to stop leaves at once", async () => {
    const [killed, stopped] = await Promise.all([start(), start()]);
    const own = archive();
    const running = search(own);
    await bred(own, 50);
    killed.process.kill("SIGKILL");
    await bred(own, 200);
    const third = await start();
    stopped.process.kill("SIGTERM");
    expect((await stopped.outcome).code).toBe(0);
    expect(await digestOf(running)).toBe(digest);
    third.process.kill("SIGTERM");
    expect((await third.outcome).code).toBe(0);
  });

  test("a search that is killed goes on, elsewhere or here", async () => {
    await start();
    const own = archive();
    const killed = search(own);
    await bred(own, 100);
    killed.process.kill("SIGKILL");
    await killed.outcome;
    const resumed = startQes(folder, "resume", own, "--json", "--no-bound", "--broker", server.url);
    expect(await digestOf(resumed)).toBe(digest);
  });

  test.runIf(slow)(
    "a worker that is frozen holds up nothing for long, and answers of its own come too late",
    async () => {
      const [frozen] = await Promise.all([start(), start()]);
      const own = archive();
      const running = search(own);
      await bred(own, 50);
      frozen.process.kill("SIGSTOP");
      expect(await digestOf(running)).toBe(digest);
      frozen.process.kill("SIGCONT");
      await after(200);
      expect(frozen.process.exitCode).toBe(null);
    },
  );

  test.each([["lost", true] as const, ...(slow ? [["kept", false] as const] : [])])(
    "a broker that is killed and comes back, with what it had %s",
    async (_, lose) => {
      await start();
      const own = archive();
      const running = search(own);
      await bred(own, 100);
      await server.restart(lose);
      expect(await digestOf(running)).toBe(digest);
    },
  );

  long("Ctrl-C ends a search that waits for workers, and one that has them", async () => {
    const waiting = search();
    await once(waiting.process.stderr!, "data");
    waiting.process.kill("SIGINT");
    expect((await waiting.outcome).code).toBe(130);
    await start();
    const own = archive();
    const running = search(own);
    await bred(own, 50);
    running.process.kill("SIGINT");
    expect((await running.outcome).code).toBe(130);
  });
});
