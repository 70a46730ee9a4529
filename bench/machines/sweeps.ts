import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtFile } from "../../src/base/package-root.ts";
import { isMain, numberArgument } from "../durability/arguments.ts";
import { type Outcome, type Started, startIn, until } from "./hosts.ts";

/*
 * Sweeps by the workers of a broker, each of one thread, on this machine. First how they scale: so many times the searches on so many workers as one worker takes alone, where a search is
 * asleep for --seconds more, so that the cores of this machine are not what is measured; then a sweep in which workers and the sweep itself are killed all the time. Every digest has to
 * be that of a sweep without a broker, and no search may be done twice.
 * Arguments: --port of a Redis of its own, which is emptied; --workers, --searches of each, --seconds, --rounds, --kills.
 */

const program = builtFile("src/cli/main.js");
const slowWorker = fileURLToPath(new URL("./slow-worker.js", import.meta.url));
const url = `redis://127.0.0.1:${numberArgument("port", 6379)}`;
const WORKERS = numberArgument("workers", 3);
const SEARCHES = numberArgument("searches", 8);
/** A search takes some seconds, so that kills find it at work. */
const EVALUATIONS = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), "qes-sweeps-"));
const alive = new Set<ChildProcess>();

function start(place: string, program: string, ...args: readonly string[]): Started {
  const started = startIn(place, process.execPath, program, ...args);
  alive.add(started.process);
  started.outcome.then(() => alive.delete(started.process));
  return started;
}

let places = 0;

/** A folder with a plan of so many searches, that no earlier sweep has to do with. */
function place(searches: number, evaluations: number): string {
  const own = join(folder, String(places++));
  mkdirSync(own);
  const set = [{ "search.evaluations": [evaluations] }];
  const plan = { searches: ["imagenet-mixed-7.0g"], seeds: `1..${searches}`, set };
  writeFileSync(join(own, "plan.json"), JSON.stringify(plan));
  return own;
}

/** Resolves when it serves. */
async function ready(worker: Started): Promise<Started> {
  await until(() => worker.said().includes("serves "), "a worker");
  return worker;
}

const startWorker = (own: string, name: string) =>
  ready(start(own, program, "worker", "--broker", url, "--threads", "1", "--folder", name));

const sweep = (own: string, ...more: readonly string[]) =>
  start(own, program, "sweep", "plan.json", "--no-bound", "--json", ...more);

async function emptied(): Promise<void> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}

function digests({ code, stdout, stderr }: Outcome): readonly string[] {
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  const { searches }: { searches: { status: string; digest: string }[] } = JSON.parse(stdout);
  if (searches.some(({ status }) => status !== "done")) throw new Error(`not done: ${stdout}`);
  return searches.map(({ digest }) => digest);
}

/** Seconds that a sweep by workers that are there takes. */
async function timed(workers: number): Promise<number> {
  await emptied();
  const own = place(SEARCHES * workers, 20_000);
  const seconds = String(numberArgument("seconds", 5));
  const started = await Promise.all(
    Array.from({ length: workers }, (_, i) => ready(start(own, slowWorker, url, "1", `w${i}`, seconds))),
  );
  const began = performance.now();
  digests(await sweep(own, "--broker", url).outcome);
  const took = (performance.now() - began) / 1000;
  for (const { process } of started) process.kill("SIGTERM");
  await Promise.all(started.map(({ outcome }) => outcome));
  return took;
}

/** Kills workers and the sweep until they were killed so often. */
async function drill(kills: number, truth: readonly string[]): Promise<string> {
  await emptied();
  const own = place(truth.length, EVALUATIONS);
  const workers = await Promise.all([0, 1, 2].map((i) => startWorker(own, `w${i}`)));
  const told: Promise<Outcome>[] = workers.map(({ outcome }) => outcome);
  let running = sweep(own, "--broker", url);
  const finished = () => {
    const path = join(own, "plan.sweep/searches");
    return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".json")) : [];
  };
  const killed = { workers: 0, sweeps: 0 };
  const seen = new Set<string>();
  while (killed.workers + killed.sweeps < kills && finished().length < truth.length) {
    await after(200 + 1500 * Math.random());
    for (const name of finished()) seen.add(name);
    const which = Math.floor(4 * Math.random());
    if (which === 3) {
      running.process.kill("SIGKILL");
      await running.outcome;
      running = sweep(own, "--broker", url);
      killed.sweeps++;
    } else {
      workers[which].process.kill("SIGKILL");
      await workers[which].outcome;
      workers[which] = await startWorker(own, `w${which}`);
      told.push(workers[which].outcome);
      killed.workers++;
    }
    const lost = [...seen].filter((name) => !finished().includes(name));
    if (lost.length > 0) throw new Error(`lost: ${lost.join(", ")}`);
  }
  const found = digests(await running.outcome);
  for (const { process } of workers) process.kill("SIGTERM");
  const done = (await Promise.all(told)).flatMap(({ stderr }) =>
    [...stderr.matchAll(/search (\w+) is done/g)].map(([, id]) => id),
  );
  const wrong = truth.filter((digest, i) => digest !== found[i]).length;
  const twice = done.length - new Set(done).size;
  if (wrong > 0 || twice > 0) throw new Error(`${wrong} other digests, ${twice} searches done twice`);
  return `${killed.workers} workers and ${killed.sweeps} sweeps killed, ${found.length} equal digests, nothing lost or done twice`;
}

async function main(): Promise<void> {
  try {
    for (let round = 0; round < numberArgument("rounds", 3); round++) {
      const alone = await timed(1);
      const together = await timed(WORKERS);
      console.log(
        `${SEARCHES} searches on 1 worker: ${alone.toFixed(1)} s; ${SEARCHES * WORKERS} on ${WORKERS}: ${together.toFixed(1)} s; ${(together / alone).toFixed(2)} times`,
      );
    }
    const kills = numberArgument("kills", 20);
    if (kills > 0) console.log(await drill(kills, digests(await sweep(place(24, EVALUATIONS)).outcome)));
  } finally {
    for (const child of alive) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

if (isMain(import.meta.url)) await main();
