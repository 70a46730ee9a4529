import { parentPort, workerData } from "node:worker_threads";
import { Archive, type GenerationRecord, type Hold } from "../src/archive/archive.ts";
import type { CommitReply } from "../src/archive/commit-queue.ts";
import { UserError } from "../src/base/user-error.ts";

const { path, hold } = workerData as { path: string; hold: Hold };
let failed: CommitReply | undefined;
const archive = attempt(() => Archive.openUnderLock(path, hold));

/** One generation a message; undefined ends. After a failure nothing more is written, so that no gap can follow a lost generation. */
parentPort!.on("message", (generation: GenerationRecord | undefined) => {
  if (generation === undefined) {
    archive?.close();
    parentPort!.close();
    return;
  }
  attempt(() => archive!.commit(generation));
  parentPort!.postMessage(failed ?? ({ ok: true } satisfies CommitReply));
});

function attempt<T>(use: () => T): T | undefined {
  if (failed !== undefined) return undefined;
  try {
    return use();
  } catch (error) {
    const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
    failed = {
      ok: false,
      remedies: error instanceof UserError ? error.remedies : undefined,
      message: error instanceof UserError ? error.message : bug,
    };
    return undefined;
  }
}
