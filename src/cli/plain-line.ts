import type { Arguments, Command } from "./command.ts";
import { commands } from "./commands.ts";

/** What a command line asks for. */
export interface ChosenCommand {
  readonly command: Command;
  readonly args: Arguments;
}

/**
 * Reads a command line of the common form: a command, then `--name value`, `--name=value`, `--flag` and positionals, every option once
 * but lists. What it reads, `readLine` reads alike.
 * @returns undefined where the line has another form, or is not right
 */
export async function readPlainLine(words: readonly string[]): Promise<ChosenCommand | undefined> {
  const entry = commands.find(({ usage }) => usage.split(" ")[0] === words[0]);
  if (entry === undefined) return undefined;
  const command = await entry.load();
  const args = plainArguments(words.slice(1), entry.usage, command);
  return args && { command, args };
}

function plainArguments(words: readonly string[], usage: string, command: Command): Arguments | undefined {
  const args: Record<string, string | true | string[]> = {};
  const positionals: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (isPlain(words[i])) {
      positionals.push(words[i]);
      continue;
    }
    const [, name, inline] = /^--([a-z]+(?:-[a-z]+)*)(?:=(.*))?$/s.exec(words[i]) ?? [];
    if (name === undefined || !Object.hasOwn(command.options, name)) return undefined;
    const { type, choices } = command.options[name];
    const known = args[name];
    if (known !== undefined && type !== "array") return undefined;
    if (type === "boolean") {
      if (inline !== undefined || words[i + 1] === "true" || words[i + 1] === "false") return undefined;
      args[name] = true;
      continue;
    }
    const value = inline ?? words[++i];
    if (value === undefined || !isPlain(value) || choices?.includes(value) === false) return undefined;
    args[name] = type === "array" ? [...((known as string[] | undefined) ?? []), value] : value;
  }
  const [, needed, name] = /([<[])(\w+)/.exec(usage) ?? [];
  if (positionals.length > (name === undefined ? 0 : 1)) return undefined;
  if (positionals.length === 0) return needed === "<" ? undefined : args;
  if (command.choices?.[name]?.includes(positionals[0]) === false) return undefined;
  return { ...args, [name]: positionals[0] };
}

/** Whether a word is a value as it stands: not an option, not quoted once more. */
function isPlain(word: string): boolean {
  return /^[^-"']/.test(word);
}
