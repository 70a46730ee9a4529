import { type ChildProcess, spawn } from "node:child_process";
import { builtFile } from "../../src/package-root.ts";

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** Starts the built command; its stdout and stderr are files to it, never a terminal. */
export function startQes(folder: string, ...args: string[]): Started {
  const child = spawn(process.execPath, [builtFile("src/cli/main.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, outcome };
}

export function qes(folder: string, ...args: string[]): Promise<Outcome> {
  return startQes(folder, ...args).outcome;
}

// biome-ignore lint/suspicious/noExplicitAny: what a command prints, checked field by field
export async function qesJson(folder: string, ...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await qes(folder, ...args, "--json");
  if (code !== 0) throw new Error(`qes ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}
