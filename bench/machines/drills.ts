import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../src/base/package-root.ts";
import { isMain } from "../durability/arguments.ts";
import { delayProxy, hosts, qesOn, type Started, startOn } from "./hosts.ts";
import { FAR_PORT, PORT, REDIS, SEARCH, Site, searchArguments, WORKERS } from "./site.ts";

/*
 * What faults cost a search on several hosts, as docs/many-machines.md has it: a Redis, three workers of a thread each and a search, every one on a host of
 * its own, and one fault at a time. A network takes 12.5 ms, asleep, so that the cores of this machine are not what is measured. Every search has to have the digest of one machine. Wants root, iproute2, iptables and redis-server.
 */

interface Drill {
  readonly name: string;
  /** What happens to a search that runs; answers with the one that ends, where that is another. */
  readonly fault: (site: Site, search: Started) => Promise<Started | undefined>;
  /** Port that workers and search speak to. */
  readonly port?: number;
}

async function cutFor(seconds: number, ...cut: readonly number[]): Promise<undefined> {
  for (const host of cut) hosts.cut(host);
  await after(1000 * seconds);
  for (const host of cut) hosts.join(host);
}

const drills: readonly Drill[] = [
  { name: "no fault", fault: async () => undefined },
  {
    name: "a worker is killed (SIGKILL)",
    async fault(site) {
      await site.bred(0.3);
      site.workers[0].process.kill("SIGKILL");
      return undefined;
    },
  },
  {
    name: "a worker is killed, another comes",
    async fault(site) {
      await site.bred(0.3);
      site.workers[0].process.kill("SIGKILL");
      await site.startWorker(WORKERS[0]);
      return undefined;
    },
  },
  {
    name: "a worker is frozen for 60 s (SIGSTOP)",
    async fault(site) {
      await site.bred(0.3);
      site.workers[0].process.kill("SIGSTOP");
      after(60_000).then(() => site.workers[0].process.kill("SIGCONT"));
      return undefined;
    },
  },
  {
    name: "the search is killed and resumed",
    async fault(site, search) {
      await site.bred(0.4);
      search.process.kill("SIGKILL");
      await search.outcome;
      return site.resume();
    },
  },
  {
    name: "the Redis is killed and comes back with what it had",
    async fault(site) {
      await site.bred(0.4);
      await site.endRedis(false);
      await site.startRedis();
      return undefined;
    },
  },
  {
    name: "the Redis is killed and comes back empty",
    async fault(site) {
      await site.bred(0.4);
      await site.endRedis(true);
      await site.startRedis();
      return undefined;
    },
  },
  {
    name: "2 of 3 workers are cut off for 20 s",
    async fault(site) {
      await site.bred(0.2);
      return cutFor(20, ...WORKERS.slice(0, 2));
    },
  },
  {
    name: "2 of 3 workers are cut off for 90 s",
    async fault(site) {
      await site.bred(0.2);
      return cutFor(90, ...WORKERS.slice(0, 2));
    },
  },
  {
    name: "the search is cut off for 25 s",
    async fault(site) {
      await site.bred(0.3);
      return cutFor(25, SEARCH);
    },
  },
  {
    name: "20 ms each way, and 1% of all packets lost",
    port: FAR_PORT,
    async fault() {
      for (const host of [REDIS, SEARCH, ...WORKERS]) hosts.lossy(host, 0.01);
      return undefined;
    },
  },
  {
    name: "the same search twice at once: every batch is there already",
    async fault(site) {
      const twin = qesOn(SEARCH, site.folder, [
        ...searchArguments,
        "--archive",
        "twin.sqlite",
        "--broker",
        `${PORT}.url`,
      ]);
      site.started.push(twin);
      const { code, stdout, stderr } = await twin.outcome;
      if (code !== 0) throw new Error(`the twin ended with ${code}: ${stderr}`);
      if (JSON.parse(stdout).digest !== truth) throw new Error("the twin has another digest");
      return undefined;
    },
  },
  {
    name: "a worker of another build beside three",
    async fault(site) {
      const other = await site.startWorker(REDIS, PORT, anotherBuild(site.folder));
      await site.bred(0.9);
      const listed = await qesOn(REDIS, site.folder, ["workers", "--broker", `${PORT}.url`, "--json"]).outcome;
      const workers: { name: string; build: string; lastMinute: number }[] = JSON.parse(listed.stdout);
      const builds = new Set(workers.map(({ build }) => build));
      const served = workers.find(({ name }) => other.said().includes(name));
      if (builds.size !== 2 || served?.lastMinute !== 0) throw new Error(`it was served: ${listed.stdout}`);
      return undefined;
    },
  },
];

/** A copy of this program whose scoring differs in a comment. */
function anotherBuild(folder: string): string {
  const copy = join(folder, "another");
  mkdirSync(copy);
  for (const name of ["dist", "presets", "package.json"])
    cpSync(join(packageRoot, name), join(copy, name), { recursive: true });
  symlinkSync(join(packageRoot, "node_modules"), join(copy, "node_modules"));
  const program = join(copy, "dist/workers/score.cjs");
  writeFileSync(program, `${readFileSync(program, "utf8")}\n// another build\n`);
  return join(copy, "dist/src/cli/main.js");
}

let truth = "";

async function conduct({ fault, port = PORT }: Drill): Promise<number> {
  const site = new Site();
  try {
    for (const each of [PORT, FAR_PORT]) site.write(each);
    await site.startRedis();
    if (port === FAR_PORT) {
      const proxy = [String(FAR_PORT), hosts.address(REDIS), String(PORT), "20"];
      site.started.push(
        startOn(REDIS, site.folder, process.execPath, fileURLToPath(import.meta.url), "--delay", ...proxy),
      );
      await after(1000);
    }
    site.workers = await Promise.all(WORKERS.map((host) => site.startWorker(host, port)));
    const began = performance.now();
    const search = site.search(port);
    let seconds = 0;
    // A fault may last longer than the search.
    const timed = ({ outcome }: Started) =>
      outcome.then(() => {
        seconds = (performance.now() - began) / 1000;
      });
    timed(search);
    const last = (await fault(site, search)) ?? search;
    if (last !== search) timed(last);
    const { code, stdout, stderr } = await last.outcome;
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
    const { digest, failures } = JSON.parse(stdout);
    if (digest !== truth || Object.keys(failures).length > 0) throw new Error(`another result: ${stdout}`);
    return seconds;
  } finally {
    for (const host of [REDIS, SEARCH, ...WORKERS]) {
      hosts.join(host);
      hosts.lossy(host, 0);
    }
    await site.end();
  }
}

async function main(): Promise<void> {
  const at = process.argv.indexOf("--delay");
  if (at > 0) {
    const [port, host, to, milliseconds] = process.argv.slice(at + 1);
    delayProxy(Number(port), host, Number(to), Number(milliseconds));
    return;
  }
  const only = process.argv.indexOf("--only");
  const wanted = drills.filter(({ name }, i) => i === 0 || only < 0 || name.includes(process.argv[only + 1]));
  hosts.up(5);
  try {
    const lone = await qesOn(SEARCH, tmpdir(), [...searchArguments, "--archive", ":memory:", "--threads", "0"]).outcome;
    truth = JSON.parse(lone.stdout).digest;
    console.log(`one machine, one thread: ${lone.seconds.toFixed(1)} s, digest ${truth}`);
    let plain: number | undefined;
    let failed = false;
    for (const drill of wanted) {
      try {
        const seconds = await conduct(drill);
        plain ??= seconds;
        console.log(`${drill.name}: equal digest, ${seconds.toFixed(1)} s, ${(seconds - plain).toFixed(1)} s more`);
      } catch (error) {
        failed = true;
        console.log(`${drill.name}: FAILED: ${(error as Error).message}`);
      }
    }
    process.exitCode = failed ? 1 : 0;
  } finally {
    hosts.down();
  }
}

if (isMain(import.meta.url)) await main();
