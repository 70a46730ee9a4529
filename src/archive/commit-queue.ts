import { Worker } from "node:worker_threads";
import { compileInThreads } from "../base/background-compilation.ts";
import { builtFile } from "../base/package-root.ts";
import { type Remedy, UserError } from "../base/user-error.ts";
import type { GenomeEngine } from "../engine/engine.ts";
import type { Archive, ClosedGeneration, GenerationRecord } from "./archive.ts";

/** Takes closed generations to the archive, in order. */
export interface CommitQueue {
  /** Settles when the queue has room for the next generation. @throws what an earlier commit met */
  commit(generation: ClosedGeneration): Promise<void>;
  /** Settles when everything is in the archive. @throws what a commit met */
  close(): Promise<void>;
}

/** Commits in the calling thread: for an archive in memory. */
export class InlineCommitQueue implements CommitQueue {
  readonly #archive: Archive;
  readonly #engine: GenomeEngine;

  constructor(archive: Archive, engine: GenomeEngine) {
    this.#archive = archive;
    this.#engine = engine;
  }

  async commit(generation: ClosedGeneration): Promise<void> {
    this.#archive.commit({ ...generation, costs: this.#engine.costs(generation.genomes) });
  }

  async close(): Promise<void> {}
}

/** What the writer thread answers to every generation; a mistake of the user has remedies, though it may be none, a bug has not. */
export type CommitReply =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly remedies: readonly Remedy[] | undefined };

/** Bytes that may wait for the disk: enough to hide its jitter, few enough that memory does not grow when it is slow and that stopping is quick. */
const MAX_PENDING = 16 * 2 ** 20;

/** Commits in a thread of its own, beside the search; the caller holds the archive's lock. */
export class ThreadCommitQueue implements CommitQueue {
  readonly #engine: GenomeEngine;
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  /** Bytes of every generation on its way, in order. */
  readonly #pending: number[] = [];
  #pendingBytes = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /**
   * @param archive gives the thread its hold, and must stay open as long as the queue
   * @param engine of the run's space and classes: the search itself needs costs only for the budgets
   */
  constructor({ path, hold }: Archive, engine: GenomeEngine) {
    this.#engine = engine;
    compileInThreads();
    this.#worker = new Worker(builtFile("workers/archive.cjs"), { workerData: { path, hold } });
    this.#worker.on("message", (reply: CommitReply) => {
      this.#pendingBytes -= this.#pending.shift() ?? 0;
      if (!reply.ok) {
        const { message, remedies } = reply;
        this.#fail(remedies === undefined ? new Error(message) : new UserError(message, ...remedies));
      }
      this.#wake?.();
    });
    this.#worker.on("error", (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#fail(new UserError(`${path}: the archive's thread failed: ${reason}; mend the cause`, "resume"));
    });
    this.#exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#exited.then(() => this.#fail(new UserError(`${path}: the archive's thread ended`, "resume")));
  }

  async commit(generation: ClosedGeneration): Promise<void> {
    // The search fills its arrays again while this generation is on its way.
    const copy: GenerationRecord = {
      ...generation,
      costs: this.#engine.costs(generation.genomes),
      // Not slice, which of a Buffer is no copy.
      genomes: new Uint8Array(generation.genomes),
      scores: generation.scores.slice(),
    };
    const { genomes, scores } = copy.checkpoint;
    const bytes = [copy.genomes, copy.scores, copy.costs, genomes, scores].reduce((sum, a) => sum + a.byteLength, 0);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes;
    this.#worker.postMessage(copy, [copy.genomes.buffer, copy.scores.buffer, copy.costs.buffer] as ArrayBuffer[]);
    await this.#until(MAX_PENDING);
  }

  async close(): Promise<void> {
    try {
      await this.#until(0);
    } finally {
      this.#worker.postMessage(undefined);
      await this.#exited;
    }
  }

  async #until(bytes: number): Promise<void> {
    while (this.#pendingBytes > bytes && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
