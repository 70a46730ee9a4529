import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Archive } from "../../src/archive/archive.ts";
import { UserError } from "../../src/base/user-error.ts";
import { hosts, qesOn, type Started, startOn, until } from "./hosts.ts";

/** Hosts. */
export const REDIS = 1;
export const SEARCH = 2;
export const WORKERS = [3, 4, 5];
export const PORT = 6379;
export const FAR_PORT = 6380;

const evaluations = 2400;
/** 60 generations of 40 networks, each of 12.5 ms: 12 s on the three workers. */
export const searchArguments = [
  "search",
  "imagenet-mixed-7.0g",
  ...["generation=40", "growing=false"].flatMap((key) => ["--set", `search.${key}`]),
  ...["--evaluations", String(evaluations), "--no-bound", "--json"],
];
const slowWorker = fileURLToPath(new URL("./slow-worker.js", import.meta.url));
process.env["QES_BENCH_MILLISECONDS"] = "12.5";

/** One set-up with all of its processes. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "qes-drill-"));
  readonly archive = join(this.folder, "search.sqlite");
  readonly started: Started[] = [];
  workers: Started[] = [];
  redis: Started | undefined;

  async startRedis(): Promise<void> {
    const options = [
      "--port",
      String(PORT),
      "--bind",
      hosts.address(REDIS),
      "--requirepass",
      "drill",
      "--save",
      "",
      "--appendonly",
      "yes",
    ];
    const redis = startOn(REDIS, this.folder, "redis-server", ...options, "--logfile", "redis.log");
    this.started.push(redis);
    this.redis = redis;
    await until(() => this.#log().includes("Ready to accept connections"), "the Redis");
  }

  async endRedis(lose: boolean): Promise<void> {
    this.redis!.process.kill("SIGKILL");
    await this.redis!.outcome;
    if (lose) rmSync(join(this.folder, "appendonlydir"), { recursive: true });
    rmSync(join(this.folder, "redis.log"));
  }

  /** @param port of the Redis, or of what hands on to it */
  write(port: number): void {
    writeFileSync(join(this.folder, `${port}.url`), `redis://:drill@${hosts.address(REDIS)}:${port}\n`, {
      mode: 0o600,
    });
  }

  /** @param program of another build, with its own way to be started */
  async startWorker(host: number, port = PORT, program?: string): Promise<Started> {
    const url = `redis://:drill@${hosts.address(REDIS)}:${port}`;
    const worker =
      program === undefined
        ? startOn(host, this.folder, process.execPath, slowWorker, url, "1")
        : qesOn(host, this.folder, ["worker", "--broker", `${port}.url`], program);
    this.started.push(worker);
    await until(() => worker.said().includes("serves "), `the worker on host ${host}`);
    return worker;
  }

  search(port = PORT, ...more: readonly string[]): Started {
    const search = qesOn(SEARCH, this.folder, [
      ...searchArguments,
      "--archive",
      this.archive,
      "--broker",
      `${port}.url`,
      ...more,
    ]);
    this.started.push(search);
    return search;
  }

  resume(): Started {
    const search = qesOn(SEARCH, this.folder, [
      "resume",
      this.archive,
      "--no-bound",
      "--json",
      "--broker",
      `${PORT}.url`,
    ]);
    this.started.push(search);
    return search;
  }

  /** Resolves when the search has bred that share of its children. */
  async bred(share: number): Promise<void> {
    await until(() => childrenIn(this.archive) >= share * evaluations, `${share} of the children`, 600);
  }

  /** Resolves when none of its processes is left, and their ports are free. */
  async end(): Promise<void> {
    for (const { process } of this.started) process.kill("SIGKILL");
    await Promise.all(this.started.map(({ outcome }) => outcome));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  #log(): string {
    try {
      return readFileSync(join(this.folder, "redis.log"), "utf8");
    } catch {
      return "";
    }
  }
}

/** Children that the run of an archive has bred; 0 where the archive is not there yet. */
export function childrenIn(path: string): number {
  if (!existsSync(path)) return 0;
  let children = 0;
  try {
    const archive = Archive.openForReading(path);
    archive.eachRun(({ checkpoint }) => {
      children = checkpoint?.counters.evaluations ?? 0;
    });
    archive.close();
  } catch (error) {
    // It is being made.
    if (!(error instanceof UserError)) throw error;
  }
  return children;
}
