import { type ChildProcess, fork } from "node:child_process";
import { unpack } from "msgpackr/pack";
import { builtFile } from "../base/package-root.ts";
import type { Config } from "../config/config.ts";
import type { SharedNoise } from "../kernel/noise.ts";
import { TransportDown } from "../pool/transport.ts";
import { kindOf } from "../score/kinds/kinds.ts";

/** What a scoring process is told: a setup first, then requests and those that are not wanted any more. */
export type Asked =
  | { readonly setup: Uint8Array; readonly threads: number; readonly worker: string | undefined }
  | { readonly id: number; readonly request: Uint8Array }
  | { readonly abort: number };
/** What it answers. */
export type Told =
  | { readonly id: number; readonly reply: Uint8Array }
  | { readonly id: number; readonly error: string; readonly down: boolean };

/** The noise that the threads of a setup share. */
export function noiseOf(setup: Uint8Array): SharedNoise | undefined {
  const { score } = (unpack(setup) as { config: Pick<Config, "score"> }).config;
  return kindOf(score).noise?.(score);
}

interface Waiting {
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

/** The process ended while requests were in hand. */
class Died extends Error {}

/**
 * Threads that score the requests of one setup, in a process of their own. Where that process ends, what was in hand is tried again, each request
 * alone, so that only the one that ends it is to blame.
 */
export class ScoringProcess {
  readonly #setup: Uint8Array;
  readonly #threads: number;
  readonly #worker: string | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #child: ChildProcess | undefined;
  #ids = 0;
  /** Requests that are tried alone, one after another; others wait for them. */
  #alone: Promise<unknown> | undefined;
  #closed = false;

  /** @param worker file of the threads, in the place of workers/score.cjs */
  constructor(setup: Uint8Array, threads: number, worker?: string) {
    this.#setup = setup;
    this.#threads = threads;
    this.#worker = worker;
  }

  /** Requests in hand. */
  get inHand(): number {
    return this.#waiting.size;
  }

  /** @throws TransportDown where no thread can start; Error where scoring threw or ended what scored, in words that stay the same */
  async run(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#alone !== undefined) await this.#alone;
    try {
      return await this.#ask(request, signal);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    const turn = (this.#alone ?? Promise.resolve()).then(() => this.#ask(request, signal));
    const settled = turn.then(
      () => {},
      () => {},
    );
    this.#alone = settled;
    try {
      return await turn;
    } finally {
      if (this.#alone === settled) this.#alone = undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#child?.kill("SIGKILL");
  }

  async #ask(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (this.#closed) throw new Error("it was closed");
    this.#child ??= this.#start();
    const child = this.#child;
    const id = this.#ids++;
    const abort = () => {
      if (child.connected) child.send({ abort: id } satisfies Asked);
      this.#waiting.get(id)?.reject(signal.reason);
      this.#waiting.delete(id);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        child.send({ id, request } satisfies Asked);
      });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #start(): ChildProcess {
    const child = fork(builtFile("workers/scoring.cjs"), [], { serialization: "advanced", execArgv: [] });
    child.on("message", (told: Told) => {
      const waiting = this.#waiting.get(told.id);
      this.#waiting.delete(told.id);
      if ("reply" in told) waiting?.resolve(told.reply);
      else waiting?.reject(told.down ? new TransportDown(told.error) : new Error(told.error));
    });
    let ended = false;
    const end = (how: string) => {
      if (ended) return;
      ended = true;
      if (this.#child === child) this.#child = undefined;
      for (const { reject } of this.#waiting.values()) reject(new Died(how));
      this.#waiting.clear();
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) =>
      end(`its process ended ${signal === null ? `with code ${code}` : `by ${signal}`}`),
    );
    child.send({ setup: this.#setup, threads: this.#threads, worker: this.#worker } satisfies Asked);
    return child;
  }
}
