import yargs, { type Argv } from "yargs";
import { UserError } from "../user-error.ts";
import { benchCommand } from "./bench.ts";
import { bestCommand } from "./best.ts";
import { boundCommand, verifyBoundCommand } from "./bound.ts";
import type { Command } from "./command.ts";
import { devicesCommand } from "./devices.ts";
import { presetCommand, presetsCommand } from "./presets.ts";
import { rankCommand } from "./rank.ts";
import { refineCommand } from "./refine.ts";
import { resumeCommand } from "./resume.ts";
import { runsCommand } from "./runs.ts";
import { scoreCommand } from "./score.ts";
import { searchCommand } from "./search.ts";
import { verifyCommand } from "./verify.ts";
import { version } from "./version.ts";

const commands: readonly Command[] = [
  searchCommand,
  resumeCommand,
  scoreCommand,
  runsCommand,
  bestCommand,
  verifyCommand,
  presetsCommand,
  presetCommand,
  devicesCommand,
  refineCommand,
  rankCommand,
  boundCommand,
  verifyBoundCommand,
  benchCommand,
];

/**
 * Runs one command line.
 * @param args without the interpreter and the script
 * @returns the exit code: 0 done, 1 bug, 2 user error, 130 stopped after a checkpoint
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  let program: Argv = yargs([...args])
    .scriptName("qes")
    .usage("qes designs tiny mixed-precision convnets: qes <command> --help shows each command's options")
    .version(version)
    .parserConfiguration({
      // `--set a=1 --set b=2` is two assignments; `--set a=1 name` is one, and a positional.
      "greedy-arrays": false,
      "camel-case-expansion": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .strict()
    .demandCommand(1, 1, "expected a command, got none; qes --help lists them", "expected one command")
    .recommendCommands()
    .example("qes search imagenet-mixed-7.0g", "run a published search")
    .example("qes search --device stm32f746 --task vww", "a network for a microcontroller")
    .example("qes best qes.sqlite --format txt > best.txt", "the best network, in the released code's format")
    .example("qes score best.txt", "its score and costs")
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(`${message}; see qes --help`);
    });
  for (const command of commands) {
    program = program.command({
      command: command.usage,
      describe: command.describe,
      builder: (y: Argv) => {
        const built = y.options(command.options as Parameters<Argv["options"]>[0]);
        for (const [name, describe] of Object.entries(command.positionals ?? {})) {
          const choices = command.choices?.[name];
          built.positional(name, { type: "string", describe, ...(choices ? { choices: [...choices] } : {}) });
        }
        for (const [line, text] of command.examples) built.example(line, text);
        return built;
      },
      handler: async (argv: Record<string, unknown>) => {
        exitCode = await command.run(argv);
      },
    });
  }
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`qes: ${error.message}\n`);
      return 2;
    }
    const code = (error as NodeJS.ErrnoException | undefined)?.code;
    if (code === "EMFILE" || code === "ENFILE") {
      process.stderr.write("qes: too many open files; raise the limit (ulimit -n) and go on with qes resume\n");
      return 2;
    }
    process.stderr.write(`qes: a bug, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}
