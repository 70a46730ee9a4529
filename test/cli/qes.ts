import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { builtFile } from "../../src/base/package-root.ts";

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

export interface BatchOutcome extends Pick<Outcome, "stdout" | "stderr"> {
  readonly code: number;
  /** Files of the folder that the command made, removed or changed. */
  readonly changed: readonly string[];
}

/** Many command lines in one process: for those that end at once, where starting Node is most of the time. */
export function batch(folder: string, lines: readonly (readonly string[])[]): BatchOutcome[] {
  const script = fileURLToPath(new URL("./batch.mjs", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script, builtFile("src/cli/program.js")], {
    cwd: folder,
    input: JSON.stringify(lines),
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}
