import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { qes, qesJson } from "../cli/qes.ts";
import { machines } from "./machines.ts";
import { hasRedis, type RedisServer, startRedis } from "./redis.ts";

interface Row {
  readonly index: number;
  readonly status: string;
  readonly digest: string;
  readonly run: number;
}

describe.skipIf(!hasRedis)("a sweep by the workers of a broker", () => {
  let server: RedisServer;
  const { folder, worker, sweep } = machines(() => server.url);
  const plan = { searches: ["imagenet-mixed-7.0g"], seeds: "1..5", set: [{ "search.evaluations": [6000] }] };
  const write = (name: string, value: object) => writeFileSync(join(folder, name), JSON.stringify(value));
  /** One each, so that nothing that a killed one left is at hand. */
  const start = (name: string) => worker("--folder", name);
  const finished = () => {
    const path = join(folder, "plan.sweep/searches");
    return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".json")) : [];
  };
  beforeAll(async () => {
    server = await startRedis();
    write("plan.json", plan);
  });
  afterAll(() => server.stop());

  test("comes to what it comes to here; kills of workers and of the sweep lose and repeat nothing that is finished", async () => {
    const here: { searches: Row[] } = await qesJson(folder, "sweep", "plan.json", "--no-bound", "--output", "here");
    const workers = await Promise.all(["a", "b"].map(start));
    const first = sweep("plan.json");
    while (finished().length < 1) await after(20);
    workers[0].process.kill("SIGKILL");
    while (finished().length < 2) await after(20);
    first.process.kill("SIGKILL");
    await first.outcome;
    const before = finished();
    workers.push(await start("c"));
    const second = sweep("plan.json");
    const { code, stdout, stderr } = await second.outcome;
    expect(code, stderr).toBe(0);
    const { searches, archive }: { searches: Row[]; archive: string } = JSON.parse(stdout);
    expect(searches.map(({ index, status, digest }) => [index, status, digest])).toEqual(
      here.searches.map(({ index, digest }) => [index, "done", digest]),
    );
    expect(stderr).toContain(`${before.length} of 5 searches are done already`);
    expect(await qesJson(folder, "verify", join(folder, archive), "--all")).toMatchObject({ runs: 5, findings: [] });
    for (const { process } of workers) process.kill("SIGTERM");
    const told = await Promise.all(workers.map(({ outcome }) => outcome));
    const done = told.flatMap(({ stderr }) => [...stderr.matchAll(/search (\w+) is done/g)].map(([, id]) => id));
    // One that was killed as it said so may be missing.
    expect(new Set(done).size).toBe(done.length);
    expect(told.slice(1).map(({ code }) => code)).toEqual([0, 0]);
  });

  test("a search that cannot be is told with its reason, and the workers are listed", async () => {
    await start("d");
    const impossible = { ...plan, seeds: 1, set: [{ "budgets.bitops": [1e3] }] };
    write("impossible.json", impossible);
    const { code, stdout } = await sweep("impossible.json").outcome;
    expect(code).toBe(2);
    expect(JSON.parse(stdout).searches[0]).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("the smallest possible is"),
    });
    const list = () => qesJson(folder, "workers", "--broker", server.url);
    // A worker says what it has in hand once a second.
    await expect.poll(async () => (await list())[0].inHand, { timeout: 10_000 }).toBe(0);
    const listed = await list();
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ threads: 1, version: expect.stringMatching(/^\d/) });
    const { stdout: text } = await qes(folder, "workers", "--broker", server.url);
    expect(text).toContain(listed[0].name);
  });

  test("a plan of 10^7 searches is refused before anything is asked", async () => {
    write("huge.json", {
      ...plan,
      seeds: "1..10000",
      set: [{ "search.population": Array.from({ length: 1000 }, (_, i) => i + 8) }],
    });
    const { code, stderr } = await sweep("huge.json").outcome;
    expect(code).toBe(2);
    expect(stderr).toBe(
      "qes: huge.json: expected at most 100000 searches, got 10000000; take fewer seeds or values, or several plans\n",
    );
  });
});
