import { UserError } from "./user-error.ts";

/** One token of a Python module; a string that is written in pieces is one token a piece. */
export interface Token {
  readonly kind: "name" | "number" | "string" | "operator" | "newline" | "end";
  /** The name, the operator, what the string holds, the number as it is written. */
  readonly text: string;
  /** Offset in the text. */
  readonly at: number;
}

const MAX_LENGTH = 1e6;
const MAX_TOKENS = 2e5;
const namePattern = /[A-Za-z_][A-Za-z_0-9]*/y;
const numberPattern = /(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y;
const prefixPattern = /([A-Za-z]{0,2})("""|'''|"|')/y;
const operators = ["**", "//", "+", "-", "*", "/", "%", "=", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";"] as const;
const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", a: "\x07", v: "\v", "\n": "" };
const hexDigits: Record<string, number> = { x: 2, u: 4, U: 8 };

/** `where:line:column` of an offset, from 1. */
export function placeOf(text: string, at: number, where: string): string {
  const before = text.slice(0, at);
  return `${where}:${before.split("\n").length}:${at - before.lastIndexOf("\n")}`;
}

/**
 * The tokens of a Python module; line ends inside brackets and behind a backslash are none.
 * @throws UserError with line and column where it is not made of tokens, or too long
 */
export function tokensOf(text: string, where: string): Token[] {
  if (text.length > MAX_LENGTH) {
    throw new UserError(`${where}: expected at most ${MAX_LENGTH / 1e6} million characters, got ${text.length}`);
  }
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let depth = 0;
  const tokens: Token[] = [];
  const fail = (expected: string): never => {
    const got = at >= text.length ? "the end of the text" : JSON.stringify(text[at]);
    throw new UserError(`${placeOf(text, at, where)}: expected ${expected}, got ${got}`);
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };

  function string(prefix: string, quote: string): string {
    if (/[^rRbBuU]/.test(prefix)) fail("a plain string: those with f are evaluated, and this file is not");
    at += prefix.length + quote.length;
    const raw = /[rR]/.test(prefix);
    let result = "";
    for (;;) {
      if (at >= text.length || (quote.length === 1 && text[at] === "\n")) fail(`a closing ${quote}`);
      if (text.startsWith(quote, at)) break;
      const c = text[at++];
      if (c !== "\\") result += c;
      else if (raw) result += c + (text[at++] ?? "");
      else result += escaped();
    }
    at += quote.length;
    return result;
  }

  function escaped(): string {
    const c = text[at++] ?? "";
    const length = hexDigits[c];
    const digits =
      length === undefined ? (/^[0-7]{1,3}/.exec(text.slice(at - 1, at + 2))?.[0] ?? "") : text.slice(at, at + length);
    if (length === undefined && digits === "")
      return escapes[c] ?? (c === "\\" || c === "'" || c === '"' ? c : `\\${c}`);
    const code = Number.parseInt(digits, length === undefined ? 8 : 16);
    if (length !== undefined && (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits) || code > 0x10ffff)) {
      fail(`${length} hex digits of a character`);
    }
    at += length ?? digits.length - 1;
    return String.fromCodePoint(code);
  }

  while (at < text.length) {
    if (tokens.length > MAX_TOKENS) fail(`at most ${MAX_TOKENS} words and signs`);
    const c = text[at];
    const start = at;
    if (c === "\\" && /^\\\r?\n/.test(text.slice(at, at + 3))) at = text.indexOf("\n", at) + 1;
    else if (c === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (c === "\n") {
      at++;
      if (depth === 0) tokens.push({ kind: "newline", text: "the end of the line", at: start });
    } else if (c === " " || c === "\t" || c === "\r" || c === "\f") at++;
    else {
      const prefix = match(prefixPattern);
      const number = prefix ? null : match(numberPattern);
      const name = prefix || number ? null : match(namePattern);
      if (prefix) tokens.push({ kind: "string", text: string(prefix[1], prefix[2]), at: start });
      else if (number || name) {
        const found = (number ?? name)![0];
        at += found.length;
        tokens.push({ kind: number ? "number" : "name", text: found, at: start });
      } else {
        const operator = operators.find((sign) => text.startsWith(sign, at)) ?? fail("a value, a name or an operator");
        at += operator.length;
        if ("([{".includes(operator)) depth++;
        else if (")]}".includes(operator)) depth = Math.max(0, depth - 1);
        tokens.push({ kind: "operator", text: operator, at: start });
      }
    }
  }
  tokens.push({ kind: "newline", text: "the end of the text", at });
  tokens.push({ kind: "end", text: "the end of the text", at });
  return tokens;
}
