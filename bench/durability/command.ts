import { spawn } from "node:child_process";
import { builtFile } from "../../src/base/package-root.ts";

export interface Outcome {
  /** null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/**
 * Runs the built command line in a process of its own.
 * @param signal sent after so many milliseconds, or as soon as something holds
 */
export function command(
  args: readonly string[],
  signal?: { readonly name: NodeJS.Signals; readonly after: number | (() => boolean) },
): Promise<Outcome> {
  const began = performance.now();
  const child = spawn(process.execPath, [builtFile("src/cli/main.js"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const timer = signal && sendWhen(signal.after, () => child.kill(signal.name));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      timer?.();
      resolve({ code, stdout, stderr, seconds: (performance.now() - began) / 1000 });
    });
  });
}

/** @returns what calls it off */
function sendWhen(after: number | (() => boolean), send: () => void): () => void {
  const condition = after;
  if (typeof condition === "number") {
    const timer = setTimeout(send, condition);
    return () => clearTimeout(timer);
  }
  const timer = setInterval(() => {
    if (!condition()) return;
    clearInterval(timer);
    send();
  }, 50);
  return () => clearInterval(timer);
}
