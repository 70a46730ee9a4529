import { parentPort, workerData } from "node:worker_threads";
import { unpack } from "msgpackr";
import { Archive, type ClosedGeneration } from "../src/archive.ts";
import { type CommitReply, costsOf } from "../src/commit-queue.ts";
import type { Config } from "../src/config.ts";
import { UserError } from "../src/user-error.ts";

const { path, config } = workerData as { path: string; config: Uint8Array };
const archive = Archive.openUnderLock(path);
const costs = costsOf(unpack(config) as Config);
let failed: CommitReply | undefined;

/** One generation a message; undefined ends. After a failure nothing more is written, so that no gap can follow a lost generation. */
parentPort!.on("message", (generation: ClosedGeneration | undefined) => {
  if (generation === undefined) {
    archive.close();
    parentPort!.close();
    return;
  }
  if (failed === undefined) {
    try {
      archive.commit({ ...generation, costs: costs(generation) });
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
