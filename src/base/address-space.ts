import { readFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { UserError } from "./user-error.ts";

const GB = 2 ** 30;
/** Node's option with which WebAssembly checks its bounds itself, and so needs no addresses behind a memory. */
const CHECKED = "--disable-wasm-trap-handler";
/** Bytes of addresses that a WebAssembly memory reserves, with that option and without; of Node 20 and 24. */
const MEMORY = { checked: 4 * GB, trapped: 10 * GB } as const;
/** What the threads of a search besides those that score take: archive and bound, 0.6 GB each. */
const OTHERS = 2 * GB;
/** What a thread takes besides its memories. */
const THREAD = 0.8 * GB;

const isChecked = () => [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].some((text) => text.includes(CHECKED));
const memoryBytes = () => (isChecked() ? MEMORY.checked : MEMORY.trapped);

/** Bytes of addresses that this process may have, Infinity where nothing limits them or the system does not say. */
let limit: number | undefined;

function figure(file: string, line: RegExp): number | undefined {
  try {
    const found = line.exec(readFileSync(file, "utf8"))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** Bytes of addresses that are left, Infinity where nothing limits them. */
function left(): number {
  limit ??= figure("/proc/self/limits", /^Max address space +(\d+) /m) ?? Number.POSITIVE_INFINITY;
  if (limit === Number.POSITIVE_INFINITY) return limit;
  return limit - 1024 * (figure("/proc/self/status", /^VmSize:\s+(\d+) kB/m) ?? 0);
}

/** Node dies without a word where it has too few for what it does next. */
function refuse(needed: number, room: number, remedy: string): void {
  if (needed <= room) return;
  const has = (limit! / GB).toFixed(1);
  const wants = ((limit! - room + needed) / GB).toFixed(1);
  throw new UserError(
    `a process may have ${has} GB of addresses here (ulimit -v), and this one would take ${wants} GB, of which it uses few; ${remedy}`,
  );
}

/** @throws UserError where there are too few addresses left for one more WebAssembly memory, and for what comes after it */
export function refuseNarrowMemory(): void {
  const room = left();
  if (room === Number.POSITIVE_INFINITY) return;
  const others = isMainThread ? OTHERS : 0;
  const helps = !isChecked() && MEMORY.checked + others <= room;
  const option = helps ? `, or have Node take less with NODE_OPTIONS=${CHECKED}` : "";
  refuse(memoryBytes() + others, room, `raise the limit (ulimit -v unlimited)${option}`);
}

/** How many threads that score there are addresses for. */
export function threadsWithinAddresses(): number {
  return Math.floor(Math.max(0, left() - OTHERS) / (memoryBytes() + THREAD));
}

/** @throws UserError where there are too few addresses left for so many threads that score */
export function refuseNarrowThreads(threads: number): void {
  const room = left();
  if (room === Number.POSITIVE_INFINITY) return;
  const needed = threads * (memoryBytes() + THREAD) + OTHERS;
  refuse(needed, room, "raise the limit (ulimit -v unlimited), or take fewer threads");
}
