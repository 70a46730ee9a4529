import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createServer, connect as dial } from "node:net";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";

const script = join(packageRoot, "scripts/hosts.sh");

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Started {
  readonly process: ChildProcess;
  /** What it said on stderr so far. */
  readonly said: () => string;
  readonly outcome: Promise<Outcome>;
}

/** Hosts of a network of their own, by scripts/hosts.sh. */
export const hosts = {
  up: (count: number) => void execFileSync(script, ["up", String(count)]),
  down: () => void execFileSync(script, ["down"]),
  cut: (host: number) => void execFileSync(script, ["cut", String(host)]),
  join: (host: number) => void execFileSync(script, ["join", String(host)]),
  lossy: (host: number, share: number) => void execFileSync(script, ["lossy", String(host), String(share)]),
  address: (host: number) => `10.77.0.${host}`,
};

/** Runs a program on a host. */
export function startOn(host: number, folder: string, program: string, ...args: readonly string[]): Started {
  return startIn(folder, script, "in", String(host), program, ...args);
}

/** Runs a program in a folder. */
export function startIn(folder: string, program: string, ...args: readonly string[]): Started {
  const began = performance.now();
  const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const outcome = new Promise<Outcome>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr, seconds: (performance.now() - began) / 1000 }));
  });
  return { process: child, said: () => stderr, outcome };
}

/** Runs this program's command on a host. @param program another copy of it */
export function qesOn(
  host: number,
  folder: string,
  args: readonly string[],
  program = builtFile("src/cli/main.js"),
): Started {
  return startOn(host, folder, process.execPath, program, ...args);
}

export async function until(holds: () => boolean, what: string, seconds = 120): Promise<void> {
  for (let waited = 0; !holds(); waited += 0.02) {
    if (waited > seconds) throw new Error(`waited ${seconds} s for ${what}`);
    await after(20);
  }
}

/** Hands on what comes to a port, to another place, so many milliseconds later each way. To be run on a host. */
export function delayProxy(port: number, host: string, to: number, milliseconds: number): void {
  createServer((near) => {
    const far = dial(to, host);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (data) => setTimeout(() => into.writable && into.write(data), milliseconds));
      from.on("error", () => into.destroy());
      from.on("close", () => into.destroy());
    }
  }).listen(port, "0.0.0.0");
}
