import { placeOf, type Token, tokensOf } from "./python-tokens.ts";
import { UserError } from "./user-error.ts";

/** A value of a module: plain data, dicts without a prototype. */
export type PythonValue = null | boolean | number | string | PythonValue[] | { [key: string]: PythonValue };

/** What a module assigns, and where. */
export interface PythonModule {
  readonly values: { readonly [name: string]: PythonValue };
  /** Names that a later value was made with. */
  readonly used: ReadonlySet<string>;
  /** `file:line:column` of a key of `values` or of a dict in it, or of an item of a list. */
  place(container: object, key: string | number): string;
}

const MAX_DEPTH = 64;
const MAX_ITEMS = 10_000;
const MAX_CHARACTERS = 100_000;
const words: Record<string, PythonValue> = { None: null, True: true, False: false };
const precedence: Record<string, number> = { "+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2 };

/**
 * Reads a Python module that assigns literals to names, as the released program's configurations do: lists, tuples, dicts, `dict(...)`, arithmetic,
 * strings written in pieces, names that were assigned before, items of these. It is read and not run: no call but `dict`, no import, no statement.
 * @param where names the text in messages
 * @throws UserError with line and column
 */
export function parsePythonModule(text: string, where: string): PythonModule {
  const tokens = tokensOf(text, where);
  const offsets = new WeakMap<object, Map<string | number, number>>();
  const values: { [name: string]: PythonValue } = Object.create(null);
  const used = new Set<string>();
  let next = 0;

  const fail = (token: Token, expected: string, got = JSON.stringify(token.text.slice(0, 40))): never => {
    const what = token.kind === "newline" || token.kind === "end" ? token.text : got;
    throw new UserError(`${placeOf(text, token.at, where)}: expected ${expected}, got ${what}`);
  };
  const is = (sign: string) => tokens[next].kind === "operator" && tokens[next].text === sign;
  const take = (sign: string, expected = `'${sign}'`) => (is(sign) ? tokens[next++] : fail(tokens[next], expected));
  const remember = (container: object, key: string | number, { at }: Token) => {
    const known = offsets.get(container) ?? new Map<string | number, number>();
    offsets.set(container, known.set(key, at));
  };

  function set(container: { [key: string]: PythonValue }, key: string, token: Token, value: PythonValue): void {
    if (key in Object.prototype) fail(token, "another name", JSON.stringify(key));
    container[key] = value;
    remember(container, key, token);
  }

  function sequence(close: string, depth: number): PythonValue[] {
    const items: PythonValue[] = [];
    while (!is(close)) {
      remember(items, items.length, tokens[next]);
      items.push(expression(depth));
      if (!is(close)) take(",", `',' or '${close}'`);
    }
    next++;
    return items;
  }

  function dictLiteral(depth: number): PythonValue {
    const dict: { [key: string]: PythonValue } = Object.create(null);
    while (!is("}")) {
      const key = tokens[next];
      const name = expression(depth);
      if (typeof name !== "string") fail(key, "a key in quotes");
      take(":");
      set(dict, String(name), key, expression(depth));
      if (!is("}")) take(",", "',' or '}'");
    }
    next++;
    return dict;
  }

  function dictCall(depth: number): PythonValue {
    const dict: { [key: string]: PythonValue } = Object.create(null);
    while (!is(")")) {
      const key = tokens[next++];
      if (key.kind !== "name") fail(key, "key = value");
      take("=");
      set(dict, key.text, key, expression(depth));
      if (!is(")")) take(",", "',' or ')'");
    }
    next++;
    return dict;
  }

  function atom(depth: number): PythonValue {
    const token = tokens[next++];
    if (depth > MAX_DEPTH) fail(token, `at most ${MAX_DEPTH} levels of nesting`);
    if (token.kind === "number") return Number(token.text.replaceAll("_", ""));
    if (token.kind === "string") {
      let whole = token.text;
      while (tokens[next].kind === "string") whole += tokens[next++].text;
      return whole;
    }
    if (token.kind === "name") {
      if (is("(")) {
        if (token.text !== "dict") fail(token, "dict(...), the one call that is read and not run");
        next++;
        return dictCall(depth + 1);
      }
      if (Object.hasOwn(words, token.text)) return words[token.text];
      if (token.text in values) {
        used.add(token.text);
        return values[token.text];
      }
      return fail(token, "a value, or a name that was assigned above");
    }
    if (token.kind === "operator") {
      if (token.text === "[") return sequence("]", depth + 1);
      if (token.text === "{") return dictLiteral(depth + 1);
      if (token.text === "(") return parenthesised(depth + 1);
    }
    return fail(token, "a value");
  }

  /** A tuple, or the value itself. */
  function parenthesised(depth: number): PythonValue {
    if (is(")")) {
      next++;
      return [];
    }
    const first = tokens[next];
    const value = expression(depth);
    if (is(")")) {
      next++;
      return value;
    }
    take(",", "',' or ')'");
    const items = [value, ...sequence(")", depth)];
    remember(items, 0, first);
    return items;
  }

  function item(depth: number): PythonValue {
    let value = atom(depth);
    while (is("[")) {
      const open = tokens[next++];
      const key = expression(depth + 1);
      take("]");
      value = itemOf(value, key, open);
    }
    return value;
  }

  function itemOf(value: PythonValue, key: PythonValue, token: Token): PythonValue {
    if (Array.isArray(value) && Number.isInteger(key)) {
      const found = value.at(Number(key));
      if (found !== undefined) return found;
    } else if (typeof value === "object" && value !== null && typeof key === "string" && key in value) {
      return (value as { [key: string]: PythonValue })[key];
    }
    return fail(token, "an item that is there", JSON.stringify(key).slice(0, 40));
  }

  function power(depth: number): PythonValue {
    if (depth > MAX_DEPTH) fail(tokens[next], `at most ${MAX_DEPTH} levels of nesting`);
    if (is("-") || is("+")) {
      const sign = tokens[next++];
      const value = power(depth + 1);
      return binary(sign.text === "-" ? -1 : 1, "*", value, sign);
    }
    const base = item(depth);
    if (!is("**")) return base;
    const sign = tokens[next++];
    return binary(base, "**", power(depth + 1), sign);
  }

  function expression(depth: number, least = 1): PythonValue {
    let left = power(depth);
    while (tokens[next].kind === "operator" && precedence[tokens[next].text] >= least) {
      const sign = tokens[next++];
      left = binary(left, sign.text, expression(depth + 1, precedence[sign.text] + 1), sign);
    }
    return left;
  }

  function binary(left: PythonValue, sign: string, right: PythonValue, token: Token): PythonValue {
    if (typeof left === "number" && typeof right === "number") {
      const value = arithmetic(left, sign, right);
      return Number.isFinite(value) ? value : fail(token, "a number that is finite", String(value));
    }
    const short = (size: number, most: number) =>
      size <= most || fail(token, `at most ${most} items or characters`, `${size}`);
    if (sign === "+" && typeof left === "string" && typeof right === "string") {
      short(left.length + right.length, MAX_CHARACTERS);
      return left + right;
    }
    if (sign === "+" && Array.isArray(left) && Array.isArray(right)) {
      short(left.length + right.length, MAX_ITEMS);
      return [...left, ...right];
    }
    if (sign === "*" && Array.isArray(left) && Number.isInteger(right)) {
      const times = Math.max(0, Number(right));
      short(left.length * times, MAX_ITEMS);
      return Array.from({ length: times }, () => left).flat();
    }
    return fail(token, "numbers, or strings or lists that are added", sign);
  }

  while (tokens[next].kind !== "end") {
    const token = tokens[next++];
    if (token.kind === "newline" || (token.kind === "operator" && token.text === ";")) continue;
    if (text[token.at - 1] === " " || text[token.at - 1] === "\t") {
      if (/^[ \t]*$/.test(text.slice(text.lastIndexOf("\n", token.at) + 1, token.at))) fail(token, "no indentation");
    }
    // A string that stands alone says what follows.
    if (token.kind === "string") {
      while (tokens[next].kind === "string") next++;
    } else {
      const assigns = token.kind === "name" && is("=");
      if (!assigns) fail(token, "name = value (the file is read and not run: remove imports, loops and functions)");
      next++;
      set(values, token.text, token, expression(0));
    }
    if (tokens[next].kind !== "newline" && !is(";")) fail(tokens[next], "the end of the line");
  }
  return {
    values,
    used,
    place: (container, key) => placeOf(text, offsets.get(container)?.get(key) ?? 0, where),
  };
}

/** As Python has it: the quotient is rounded down, the remainder has the divisor's sign. */
function arithmetic(left: number, sign: string, right: number): number {
  if (sign === "+") return left + right;
  if (sign === "-") return left - right;
  if (sign === "*") return left * right;
  if (sign === "/") return left / right;
  if (sign === "//") return Math.floor(left / right);
  if (sign === "%") return left - right * Math.floor(left / right);
  return left ** right;
}
