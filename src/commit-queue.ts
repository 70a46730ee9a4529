import { Worker } from "node:worker_threads";
import type { Archive, GenerationRecord } from "./archive.ts";
import { builtFile } from "./package-root.ts";
import { UserError } from "./user-error.ts";

/** Takes closed generations to the archive, in order. */
export interface CommitQueue {
  /** Settles when the queue has room for the next generation. @throws what an earlier commit met */
  commit(record: GenerationRecord): Promise<void>;
  /** Settles when everything is in the archive. @throws what a commit met */
  close(): Promise<void>;
}

/** Commits in the calling thread: for an archive in memory. */
export class InlineCommitQueue implements CommitQueue {
  readonly #archive: Archive;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  async commit(record: GenerationRecord): Promise<void> {
    this.#archive.commit(record);
  }

  async close(): Promise<void> {}
}

/** What the writer thread answers to every generation. */
export type CommitReply =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly user: boolean };

/** Generations that may wait for the disk: enough to hide its jitter, few enough that memory does not grow when it is slow. */
const MAX_PENDING = 8;

/** Commits in a thread of its own, beside the search; the caller holds the archive's lock. */
export class ThreadCommitQueue implements CommitQueue {
  readonly #worker: Worker;
  readonly #exited: Promise<unknown>;
  #pending = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(path: string) {
    this.#worker = new Worker(builtFile("workers/archive.js"), { workerData: { path } });
    this.#worker.on("message", (reply: CommitReply) => {
      this.#pending--;
      if (!reply.ok) this.#fail(reply.user ? new UserError(reply.message) : new Error(reply.message));
      this.#wake?.();
    });
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    this.#exited.then(() => this.#pending > 0 && this.#fail(new Error("the archive's thread ended early")));
  }

  async commit(record: GenerationRecord): Promise<void> {
    // The search fills its arrays again while this generation is on its way.
    const copy: GenerationRecord = {
      ...record,
      genomes: record.genomes.slice(),
      scores: record.scores.slice(),
      costs: record.costs.slice(),
    };
    this.#pending++;
    this.#worker.postMessage(copy, [copy.genomes.buffer, copy.scores.buffer, copy.costs.buffer] as ArrayBuffer[]);
    await this.#until(MAX_PENDING - 1);
  }

  async close(): Promise<void> {
    try {
      await this.#until(0);
    } finally {
      this.#worker.postMessage(undefined);
      await this.#exited;
    }
  }

  async #until(pending: number): Promise<void> {
    while (this.#pending > pending && this.#failure === undefined) {
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
