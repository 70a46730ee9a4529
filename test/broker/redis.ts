import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

/** Whether this machine has the real server; tests that need it are skipped by name where it has not. */
export const hasRedis = (() => {
  try {
    return execFileSync("redis-server", ["--version"], { encoding: "utf8" }).startsWith("Redis server");
  } catch {
    return false;
  }
})();
if (!hasRedis) console.warn("there is no redis-server here: tests of brokers are skipped");

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Kills it and starts it again on the same port. @param lose what it kept */
  restart(lose: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** A real server on a free port that keeps its files in a folder of its own. */
export async function startRedis(...options: readonly string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "qes-redis-"));
  const port = await freePort();
  let server = await startServer(port, folder, options);
  const end = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async restart(lose) {
      await end();
      if (lose) rmSync(join(folder, "appendonlydir"), { recursive: true, force: true });
      server = await startServer(port, folder, options);
    },
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(port: number, folder: string, options: readonly string[]): Promise<ChildProcess> {
  const own = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
  const server = spawn("redis-server", [...own, ...options], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  server.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  for (let tries = 0; !said.includes("Ready to accept connections"); tries++) {
    if (server.exitCode !== null || tries > 600) throw new Error(`redis-server did not start:\n${said}`);
    await after(50);
  }
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
