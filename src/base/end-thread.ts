/**
 * Ends the calling worker thread; messages that it has posted still arrive. A thread must not end by having nothing left to do: Node 20 then
 * waits in it for background compilation, which may wait for the same thread to collect garbage, and the process hangs.
 */
export function endThread(): never {
  process.exit();
}
