import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { unpack } from "msgpackr/pack";
import { UserError } from "../base/user-error.ts";
import { parseStoredConfig } from "../config/stored-config.ts";
import { packSetup } from "../pool/message.ts";
import type { Address } from "./address.ts";
import { scoringBuild } from "./build.ts";
import { connect } from "./connection.ts";
import { BEAT, beat, leave } from "./registry.ts";
import { ScoreWorker } from "./score-worker.ts";
import { searchBuild } from "./search-jobs.ts";
import { type Searches, SearchWorker } from "./search-worker.ts";

export interface ServeOptions {
  readonly threads: number;
  /** Of the program, for those who look at workers. */
  readonly version: string;
  /** Ends it, when what is in hand is done. */
  readonly stop: AbortSignal;
  readonly searches: Searches;
  /** File of the threads, in the place of workers/score.cjs. */
  readonly worker?: string;
  readonly onSearch: (id: string) => void;
  readonly onStart: (worker: { readonly name: string; readonly build: string }) => void;
  readonly onError: (message: string) => void;
}

/**
 * Serves a broker until it is told to stop.
 * @throws UserError where the broker cannot be connected to, or a coordinator found wrong scores
 */
export async function serve(address: Address, options: ServeOptions): Promise<void> {
  const { threads, version, stop, searches, worker, onStart, onError, onSearch } = options;
  const build = scoringBuild();
  const redis = await connect(address);
  const host = hostname();
  const name = `${host}:${process.pid}:${randomBytes(2).toString("hex")}`;
  let said: string | undefined;
  const tell = (error: Error) => {
    if (error.message === said) return;
    said = error.message;
    onError(error.message);
  };
  const scoring = new ScoreWorker(redis, { name, build, threads, worker, checked: checkedSetup, onError: tell });
  const program = searchBuild(build, searches.program);
  const searching = new SearchWorker(redis, { name, build: program, threads, searches, onError: tell, onSearch });
  const own = { name, host, process: process.pid, build, searchBuild: program, version, threads };
  const ended = new AbortController();
  let banned: string | null = null;
  const sign = async () => {
    const inHand = scoring.inHand + searching.inHand;
    banned ??= await beat(redis, { ...own, inHand, lastMinute: scoring.lastMinute, searches: searching.done });
    if (banned !== null) ended.abort();
    await scoring.look();
  };
  try {
    await sign();
    onStart({ name, build });
    const timer = setInterval(() => sign().catch(tell), BEAT);
    const end = AbortSignal.any([stop, ended.signal]);
    if (!end.aborted) await new Promise((resolve) => end.addEventListener("abort", resolve, { once: true }));
    await Promise.all([scoring.close(), searching.close()]);
    clearInterval(timer);
    if (redis.status === "ready") await leave(redis, name);
  } finally {
    redis.disconnect();
  }
  if (banned !== null) {
    throw new UserError(
      `${name}: a search found wrong scores of this worker (${banned}); have the machine's memory tested`,
    );
  }
}

/** A setup with a configuration that is one: it may come from anyone who can write to the broker. @throws Error where it is not */
function checkedSetup(setup: Uint8Array): Uint8Array {
  const { scoringContext, config } = unpack(setup) as { scoringContext: unknown; config: unknown };
  if (typeof scoringContext !== "string") throw new Error("the broker gave a setup of another kind");
  return packSetup({ scoringContext, config: parseStoredConfig(JSON.stringify(config), "a setup of the broker") });
}
