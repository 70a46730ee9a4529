import { parentPort, workerData } from "node:worker_threads";
import { Archive, type GenerationRecord } from "../src/archive.ts";
import type { CommitReply } from "../src/commit-queue.ts";
import { UserError } from "../src/user-error.ts";

const archive = Archive.openUnderLock((workerData as { path: string }).path);
let failed: CommitReply | undefined;

/** One generation a message; undefined ends. After a failure nothing more is written, so that no gap can follow a lost generation. */
parentPort!.on("message", (record: GenerationRecord | undefined) => {
  if (record === undefined) {
    archive.close();
    parentPort!.close();
    return;
  }
  if (failed === undefined) {
    try {
      archive.commit(record);
    } catch (error) {
      const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failed = {
        ok: false,
        user: error instanceof UserError,
        message: error instanceof UserError ? error.message : bug,
      };
    }
  }
  parentPort!.postMessage(failed ?? ({ ok: true } satisfies CommitReply));
});
