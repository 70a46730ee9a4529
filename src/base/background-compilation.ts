import { setFlagsFromString } from "node:v8";

/** Of Node; it may end a thread whose code is being compiled in the background, and the process behind it. */
const ENDS_WELL = 24;

export const endsWell = Number.parseInt(process.versions.node, 10) >= ENDS_WELL;

/**
 * Has the threads that start from now on compile their code themselves; to be called before one is started. What is compiled in the background of a
 * thread may want memory of it: older Nodes abort where that thread was ended meanwhile, and hang where it ends by having nothing left to do.
 * The calling thread goes on as before.
 */
export function compileInThreads(): void {
  if (!endsWell) setFlagsFromString("--no-concurrent-recompilation");
}
