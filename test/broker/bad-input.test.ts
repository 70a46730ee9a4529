import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startQes } from "../cli/qes.ts";
import { temporaryFolder } from "../temporary.ts";
import { startWorker } from "./in-process-worker.ts";
import { freePort, hasRedis, type RedisServer, startRedis } from "./redis.ts";

const folder = temporaryFolder();
const write = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
  return name;
};
/** What a command line says that ends with 2. */
async function refusal(args: readonly string[], broker?: string): Promise<string> {
  const before = process.env["QES_BROKER"];
  if (broker !== undefined) process.env["QES_BROKER"] = broker;
  const started = startQes(folder, ...args);
  if (before === undefined) delete process.env["QES_BROKER"];
  else process.env["QES_BROKER"] = before;
  const { code, stderr, stdout } = await started.outcome;
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  return stderr.trim().split("\n").at(-1)!;
}
const search = (...args: string[]) => refusal(["search", "imagenet-mixed-7.0g", "--quiet", "--broker", ...args]);
const worker = (...args: string[]) => refusal(["worker", "--broker", ...args]);

describe("an address that is none, or not safe, is told without its password", () => {
  test("in arguments", async () => {
    const inArguments = await worker("redis://user:hunter2@10.0.0.7:6379");
    expect(inArguments).toMatch(
      /expected an address without a password.* got one with it; put the address into a file/,
    );
    expect(await worker("rediss//host")).toMatch(
      /^qes: --broker: expected such as redis:\/\/host:6379, a file.* got "rediss\/\/host" \(ENOENT\)/,
    );
    expect(await worker("redis://127.0.0.1:99999")).toBe(
      "qes: --broker: expected a port from 0 to 65535, got 99999; correct the address",
    );
    expect(await worker("rediss://[::1]:65536/0")).toContain("expected a port from 0 to 65535, got 65536");
    expect(await worker("redis://user:hunter2@host:99999")).toContain("expected an address without a password");
    expect(await worker(".")).toBe("qes: --broker: . is a folder; give an address, a file that holds one, or env");
    expect(await worker("http://host")).toMatch(
      /^qes: --broker: expected such as redis:\/\/host:6379 .*, got something else$/,
    );
    expect(await worker("redis://10.0.0.7:6379")).toMatch(
      /redis:\/\/10\.0\.0\.7:6379 is another machine's and asks for no password.*; give it a password; or, in a network that you trust, add --insecure$/,
    );
  });

  test("in a file, which others must not read, and in the environment", async () => {
    const open = write("open.url", "redis://:hunter2@127.0.0.1:6379", 0o644);
    expect(await worker(open)).toBe(
      "qes: open.url: expected a file that others cannot read, since it may hold a password; chmod 600 it",
    );
    expect(await worker(write("none.url", "hunter2"))).toMatch(
      /^qes: none.url: expected such as redis:.*, got something else$/,
    );
    expect(await worker(write("port.url", "redis://:hunter2@127.0.0.1:99999"))).toBe(
      "qes: port.url: expected a port from 0 to 65535, got 99999; correct the address",
    );
    expect(await worker("env")).toMatch(/^qes: --broker env: expected an address in QES_BROKER, got nothing/);
    expect(await refusal(["worker", "--broker", "env"], "redis://hunter2")).toMatch(
      /^qes: QES_BROKER: redis:\/\/hunter2 is another machine's/,
    );
  });

  test("options that do not go together", async () => {
    expect(await refusal(["worker"])).toMatch(/expected --broker, got nothing/);
    expect(await refusal(["search", "imagenet-mixed-7.0g", "--insecure"])).toMatch(
      /--insecure: expected with --broker alone/,
    );
    expect(await search("redis://localhost", "--threads", "2")).toMatch(/--threads: not together with --broker/);
    expect(await search("redis://localhost", "--seeds", "1..3")).toMatch(
      /--seeds: not together with --broker; give the seeds to qes sweep/,
    );
  });
});

test("a broker that is not there", async () => {
  const port = await freePort();
  expect(await search(`redis://127.0.0.1:${port}`)).toBe(
    `qes: redis://127.0.0.1:${port}: cannot be reached (ECONNREFUSED); start it there, or correct the address`,
  );
});

describe.skipIf(!hasRedis)("a real broker", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis("--requirepass", "secret");
  });
  afterAll(() => server.stop());

  test("whose password is another, or missing", async () => {
    const wrong = write("wrong.url", server.url.replace("//", "//:hunter2@"));
    expect(await search(wrong)).toMatch(/user or password was refused \(WRONGPASS.*; correct them in the address$/);
    const none = await search(server.url);
    expect(none).toMatch(/user or password was refused \(NOAUTH/);
    expect(none).not.toContain("hunter2");
  });

  test("that drops jobs when it is full", async () => {
    const dropping = await startRedis("--maxmemory-policy", "allkeys-lru");
    expect(await search(dropping.url)).toMatch(
      /expected maxmemory-policy noeviction, got allkeys-lru.*; set that policy/,
    );
    await dropping.stop();
  });

  test("with workers of other builds alone: they are named after 10 s, and never served", async () => {
    const own = await startRedis();
    const other = await startWorker(own.url, "0000", 1);
    const began = performance.now();
    const said = await search(own.url);
    expect(performance.now() - began).toBeGreaterThan(10_000);
    expect(said).toContain(
      `got others, which are never asked: ${other.name} has 0.0.0 (0000); start workers of this version`,
    );
    await other.close();
    await own.stop();
  });
});
