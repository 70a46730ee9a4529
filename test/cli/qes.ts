import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { builtFile } from "../../src/base/package-root.ts";

const batchScript = fileURLToPath(new URL("./batch.mjs", import.meta.url));

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

type Run = (args: readonly string[]) => Promise<Outcome>;

/** By folder, as a process stays where it is. */
const sessions = new Map<string, Run>();

/**
 * A command's outcome. Those of a folder run in turn in one process, since starting Node and loading the program is most of the time that
 * they take; `startQes` is for what needs a process of its own.
 */
export function qes(folder: string, ...args: string[]): Promise<Outcome> {
  const run = sessions.get(folder) ?? startSession(folder);
  sessions.set(folder, run);
  return run(args);
}

function startSession(folder: string): Run {
  const child = fork(batchScript, [builtFile("src/cli/program.js")], {
    cwd: folder,
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const waiting: { resolve(outcome: Outcome): void; reject(error: Error): void }[] = [];
  child.on("message", (outcome: Outcome) => waiting.shift()!.resolve({ ...outcome, signal: null }));
  child.on("close", (code, signal) => {
    sessions.delete(folder);
    for (const { reject } of waiting) reject(new Error(`the process of qes ended with ${signal ?? code}:\n${stderr}`));
  });
  // It ends with the tests, which do not wait for it.
  child.unref();
  child.channel!.unref();
  return (args) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.send(args);
    });
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
  const { stdout, stderr } = spawnSync(process.execPath, [batchScript, builtFile("src/cli/program.js")], {
    cwd: folder,
    input: JSON.stringify(lines),
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}
