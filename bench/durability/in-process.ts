import { runCli } from "../../src/cli/program.ts";

export interface InProcessOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with its output kept; for thousands of them, where a process each would take minutes. */
export async function inProcess(args: readonly string[]): Promise<InProcessOutcome> {
  const kept = { stdout: "", stderr: "" };
  const streams = ["stdout", "stderr"] as const;
  const writes = streams.map((name) => process[name].write);
  for (const name of streams) {
    process[name].write = ((text: string | Uint8Array) => {
      kept[name] += text;
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    const code = await runCli(args);
    return { code, ...kept };
  } finally {
    for (const [i, name] of streams.entries()) process[name].write = writes[i];
  }
}
