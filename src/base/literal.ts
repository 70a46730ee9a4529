import { UserError } from "./user-error.ts";

/** A value read from a file: plain data, objects without a prototype. */
export type Literal = null | boolean | number | string | Literal[] | { [key: string]: Literal };

const MAX_DEPTH = 64;
const MAX_LENGTH = 64e6;
const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", "0": "\0" };
/** Digits behind \\x, \\u and Python's \\U. */
const hexDigits: Record<string, number> = { x: 2, u: 4, U: 8 };
const words: Record<string, null | boolean> = {
  null: null,
  None: null,
  true: true,
  True: true,
  false: false,
  False: false,
};
const numberPattern = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const wordPattern = /[A-Za-z_][A-Za-z_0-9]*/y;

/**
 * Reads JSON, or the Python literal that the released code writes (single or double quotes, tuples, True, False, None, trailing commas),
 * as data: nothing is evaluated. Text after the value must be white.
 * @param where names the text in messages
 * @throws UserError with line and column
 */
export function parseLiteral(text: string, where: string): Literal {
  if (text.length > MAX_LENGTH) {
    throw new UserError(`${where}: expected at most ${MAX_LENGTH / 1e6} million characters, got ${text.length}`);
  }
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;

  function fail(expected: string): never {
    const before = text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const got = at >= text.length ? "the end of the text" : JSON.stringify(text[at]);
    throw new UserError(`${where}:${line}:${column}: expected ${expected}, got ${got}`);
  }

  function skipWhite(): void {
    while (at < text.length && " \t\r\n".includes(text[at])) at++;
  }

  function list(close: string, depth: number): Literal[] {
    const items: Literal[] = [];
    at++;
    for (skipWhite(); text[at] !== close; skipWhite()) {
      items.push(value(depth + 1));
      skipWhite();
      if (text[at] === ",") at++;
      else if (text[at] !== close) fail(`',' or '${close}'`);
    }
    at++;
    return items;
  }

  function object(depth: number): Literal {
    const result: { [key: string]: Literal } = Object.create(null);
    at++;
    for (skipWhite(); text[at] !== "}"; skipWhite()) {
      if (text[at] !== '"' && text[at] !== "'") fail("a key in quotes or '}'");
      const key = string();
      if (key in Object.prototype) fail(`another field name than ${JSON.stringify(key)} before this`);
      skipWhite();
      if (text[at] !== ":") fail("':'");
      at++;
      result[key] = value(depth + 1);
      skipWhite();
      if (text[at] === ",") at++;
      else if (text[at] !== "}") fail("',' or '}'");
    }
    at++;
    return result;
  }

  function string(): string {
    const quote = text[at++];
    let result = "";
    for (;;) {
      if (at >= text.length || text[at] === "\n") fail(`a closing ${quote}`);
      const c = text[at++];
      if (c === quote) return result;
      if (c !== "\\") {
        result += c;
        continue;
      }
      const escaped = text[at++];
      const length = hexDigits[escaped];
      if (length !== undefined) {
        const digits = text.slice(at, at + length);
        const code =
          /^[0-9a-fA-F]+$/.test(digits) && digits.length === length ? Number.parseInt(digits, 16) : Number.NaN;
        if (!(code <= 0x10ffff)) fail(`${length} hex digits of a character`);
        result += String.fromCodePoint(code);
        at += length;
      } else {
        result += escapes[escaped] ?? escaped;
      }
    }
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }

  function value(depth: number): Literal {
    if (depth > MAX_DEPTH) fail(`at most ${MAX_DEPTH} levels of nesting`);
    skipWhite();
    const c = text[at];
    if (c === "{") return object(depth);
    if (c === "[") return list("]", depth);
    if (c === "(") return list(")", depth);
    if (c === '"' || c === "'") return string();
    const digits = match(numberPattern);
    if (digits !== undefined) return Number(digits);
    const start = at;
    const word = match(wordPattern);
    if (word !== undefined && Object.hasOwn(words, word)) return words[word];
    at = start;
    return fail("a value (a list, an object, a string, a number, true, false or null)");
  }

  const result = value(0);
  skipWhite();
  if (at < text.length) fail("the end of the text");
  return result;
}
