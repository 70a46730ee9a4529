import { parseDocument } from "yaml";
import { UserError } from "./user-error.ts";

/** Far above any configuration, and low enough that the parser, whose time grows with the square of some of them, answers at once. */
const limits = { characters: 64_000, json: 64e6, keys: 5000, depth: 64, aliases: 100 } as const;

/**
 * Reads YAML as data, in bounded time and depth.
 * @param where names the text in messages
 * @throws UserError where it is not YAML, or beyond the limits
 */
export function parseYamlText(text: string, where: string): unknown {
  const refuse = (what: string): never => {
    throw new UserError(`${where}: expected ${what}; simplify it`);
  };
  if (text.length > limits.characters && /^\s*\{/.test(text) && text.length <= limits.json)
    return parseJson(text, where, refuse);
  if (text.length > limits.characters) {
    throw new UserError(
      `${where}: expected a configuration of at most ${limits.characters} characters, got ${text.length}`,
    );
  }
  if ((text.match(/[:?]/g)?.length ?? 0) > limits.keys) refuse(`at most ${limits.keys} keys`);
  if (flowDepth(text) > limits.depth) refuse(`at most ${limits.depth} levels of brackets`);
  if (new RegExp(`(?:[-?:][ \\t]+){${limits.depth}}`).test(text)) refuse(`at most ${limits.depth} levels in a line`);
  if (/^ {200}/m.test(text)) refuse("an indentation below 200");
  if ((text.match(/(?:^|[\s,[{:-])[*&!](?=\S)/g)?.length ?? 0) > limits.aliases) {
    refuse(`at most ${limits.aliases} anchors, aliases and tags`);
  }
  // Pretty errors would look their lines up for every one of many thousands.
  const document = parseDocument(text, { prettyErrors: false, logLevel: "error" });
  const [first] = document.errors;
  if (first !== undefined) {
    const before = text.slice(0, first.pos[0]);
    const place = `line ${before.split("\n").length}, column ${before.length - before.lastIndexOf("\n")}`;
    throw new UserError(`${where}: not readable as YAML: ${first.message} at ${place}:`);
  }
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw new UserError(`${where}: not readable as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Configurations with tables of measured operators are long, and written as JSON, which takes time in proportion to its length. */
function parseJson(text: string, where: string, refuse: (what: string) => never): unknown {
  if (flowDepth(text) > limits.depth) refuse(`at most ${limits.depth} levels of brackets`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where}: not readable as JSON: ${(error as Error).message}`);
  }
}

/** The deepest nesting of brackets, wherever they stand; brackets in strings count too, which no configuration has many of. */
function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x5d || c === 0x7d) depth = Math.max(0, depth - 1);
  }
  return deepest;
}
