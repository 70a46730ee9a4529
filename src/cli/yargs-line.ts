import yargs, { type Argv } from "yargs";
import { UserError } from "../user-error.ts";
import { commands } from "./commands.ts";
import type { ChosenCommand } from "./plain-line.ts";
import { version } from "./version.ts";

/**
 * Reads any command line; prints the help or the version where they are asked for, and then answers with undefined.
 * @throws UserError where the line is not right
 */
export async function readLine(words: readonly string[]): Promise<ChosenCommand | undefined> {
  let chosen: ChosenCommand | undefined;
  let program: Argv = yargs([...words])
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
  for (const entry of commands) {
    program = program.command({
      command: entry.usage,
      describe: entry.describe,
      builder: async (y: Argv) => {
        const command = await entry.load();
        const built = y.options(command.options as Parameters<Argv["options"]>[0]);
        for (const [name, describe] of Object.entries(command.positionals ?? {})) {
          const choices = command.choices?.[name];
          built.positional(name, { type: "string", describe, ...(choices ? { choices: [...choices] } : {}) });
        }
        for (const [line, text] of command.examples) built.example(line, text);
        return built;
      },
      handler: async (args: Record<string, unknown>) => {
        chosen = { command: await entry.load(), args };
      },
    });
  }
  await program.parseAsync();
  return chosen;
}
