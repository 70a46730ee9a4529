import { UserError } from "../user-error.ts";
import { print } from "./command.ts";
import { readPlainLine } from "./plain-line.ts";
import { version } from "./version.ts";

/**
 * Runs one command line.
 * @param words without the interpreter and the script
 * @returns the exit code: 0 done, 1 bug, 2 user error, 130 stopped after a checkpoint
 */
export async function runCli(words: readonly string[]): Promise<number> {
  let running = false;
  try {
    if (words.length === 1 && words[0] === "--version") {
      print(version);
      return 0;
    }
    // Loaded here: a plain line needs no yargs, which takes as long to load as Node to start.
    const chosen = (await readPlainLine(words)) ?? (await (await import("./yargs-line.ts")).readLine(words));
    if (chosen === undefined) return 0;
    running = true;
    return await chosen.command.run(chosen.args);
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`qes: ${error.message}\n`);
      return 2;
    }
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (code === "EMFILE" || code === "ENFILE") {
      const next = running ? "go on with qes resume" : "run it again";
      process.stderr.write(`qes: too many open files; raise the limit (ulimit -n) and ${next}\n`);
      return 2;
    }
    process.stderr.write(`qes: a bug, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}
