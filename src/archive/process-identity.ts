import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Tells a process from every other one, also from a later one of the same number. Empty where the system does not say. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the system's last start. */
  readonly boot: string;
  /** When the process started, in the system's own units. */
  readonly start: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), boot: bootId(), start: startOf(process.pid) };
}

/** Whether the process runs; one on another machine is taken to. */
export function isRunning({ pid, host, boot, start }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  if (boot !== "" && bootId() !== "" && boot !== bootId()) return false;
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return start === "" || now === "" || start === now;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function bootId(): string {
  return readOr("/proc/sys/kernel/random/boot_id", "").trim();
}

/** Field 22 of /proc/PID/stat; the name before it, in brackets, may hold anything. */
function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
