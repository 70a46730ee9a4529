import { createRequire } from "node:module";
import type { Piscina } from "piscina";
import { compileInThreads } from "../base/background-compilation.ts";
import { builtFile } from "../base/package-root.ts";
import type { SharedNoise } from "../kernel/noise.ts";
import { type Transport, TransportDown } from "./transport.ts";

/** Milliseconds between two looks at whether any thread lives. */
const THREAD_CHECK = 500;

export interface ThreadOptions {
  /**
   * Path of a worker that answers in the place of workers/score.cjs. CommonJS: piscina requires it, and Node 20 crashes where a thread is
   * ended while it requires an ES module.
   */
  readonly worker?: string;
  /** Handed to every thread beside its setup. */
  readonly noise?: SharedNoise | undefined;
  /** Megabytes of JavaScript heap a thread. */
  readonly heap?: number;
}

/** What a worker finds when it starts. */
export interface ThreadData {
  /** By `packSetup`. */
  readonly setup: Uint8Array;
  readonly noise: SharedNoise | undefined;
}

/** What a worker is called with. */
export interface ThreadTask {
  readonly request: Uint8Array;
  /** Set to 1 before anything else: a thread that died and left it 0 did not die of its request. */
  readonly begun: Int32Array<SharedArrayBuffer>;
}

/** Loads the package when a thread is to start: a search that scores in its own thread starts sooner by what that takes. */
function loadPiscina(): typeof Piscina {
  return createRequire(import.meta.url)("piscina");
}

/** Worker threads, one a slot. */
export class ThreadTransport implements Transport {
  readonly slots: number;
  readonly #open: () => Piscina<ThreadTask, Uint8Array>;
  #piscina: Piscina<ThreadTask, Uint8Array>;
  /** Of the requests in hand. */
  readonly #aborts = new Set<AbortController>();
  #guard: NodeJS.Timeout | undefined;
  /** Why the last thread ended that was at no request. */
  #lastError = "it ended";
  #closed = false;

  /** @param setup what every thread is handed, by `packSetup` */
  constructor(setup: Uint8Array, threads: number, options: ThreadOptions = {}) {
    this.slots = threads;
    compileInThreads();
    const Pool = loadPiscina();
    this.#open = () => {
      const piscina = new Pool<ThreadTask, Uint8Array>({
        filename: options.worker ?? builtFile("workers/score.cjs"),
        minThreads: threads,
        maxThreads: threads,
        workerData: { setup, noise: options.noise } satisfies ThreadData,
        ...(options.heap === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: options.heap } }),
      });
      // Without a listener the event would end the process.
      piscina.on("error", (error: Error) => {
        this.#lastError = error.message;
      });
      return piscina;
    };
    this.#piscina = this.#open();
  }

  async run(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const abort = new AbortController();
    const forward = () => abort.abort(signal.reason);
    if (signal.aborted) forward();
    signal.addEventListener("abort", forward, { once: true });
    this.#aborts.add(abort);
    this.#guard ??= setInterval(() => this.#look(), THREAD_CHECK);
    const message = new Uint8Array(request);
    const begun = new Int32Array(new SharedArrayBuffer(4));
    try {
      const task = { request: message, begun };
      return await this.#piscina.run(task, { signal: abort.signal, transferList: [message.buffer] });
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason;
      if (begun[0] === 0) throw new TransportDown(`its thread could not start: ${reasonOf(error)}`);
      throw new Error(reasonOf(error), { cause: error });
    } finally {
      signal.removeEventListener("abort", forward);
      this.#aborts.delete(abort);
      if (this.#aborts.size === 0) {
        clearInterval(this.#guard);
        this.#guard = undefined;
      }
    }
  }

  restart(): void {
    if (this.#closed || this.#lives) return;
    const dead = this.#piscina;
    this.#piscina = this.#open();
    dead.destroy().catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#piscina.destroy();
  }

  get #lives(): boolean {
    return this.#piscina.threads.length > 0;
  }

  /** Piscina replaces a thread that dies, but gives up on those that die while they start; requests would then wait for ever. */
  #look(): void {
    if (this.#closed || this.#lives) return;
    const down = new TransportDown(`its thread could not start: ${this.#lastError}`);
    for (const abort of this.#aborts) abort.abort(down);
  }
}

/** What happened to a thread, in words that stay the same from one time to the next. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "its thread ran out of memory";
  if (message?.startsWith("worker exited with code")) return `its thread ended with code ${message.split(": ")[1]}`;
  return String(message ?? error).slice(0, 200);
}
