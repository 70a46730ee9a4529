import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Literal, parseLiteral } from "../../src/base/literal.ts";
import { UserError } from "../../src/base/user-error.ts";

/** Objects of `parseLiteral` have no prototype; JSON's have. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const key = fc.string({ unit: "binary" }).filter((name) => !(name in Object.prototype));
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x));
const text = fc.string({ unit: "binary" });
const value = fc.letrec<{ value: Literal }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(number, fc.integer(), text, fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

/** What Python's repr prints of the same value. */
function repr(x: Literal): string {
  if (x === null) return "None";
  if (x === true) return "True";
  if (x === false) return "False";
  if (typeof x === "number") {
    const digits = String(x).replace(/e([+-])(\d)$/, "e$10$2");
    return Number.isInteger(x) && !digits.includes("e") ? digits : digits;
  }
  if (typeof x === "string") return reprString(x);
  if (Array.isArray(x)) {
    if (x.length % 2 === 0) return `[${x.map(repr).join(", ")}]`;
    return x.length === 1 ? `(${repr(x[0])},)` : `(${x.map(repr).join(", ")})`;
  }
  return `{${Object.entries(x)
    .map(([name, item]) => `${reprString(name)}: ${repr(item)}`)
    .join(", ")}}`;
}

function reprString(x: string): string {
  const quote = x.includes("'") && !x.includes('"') ? '"' : "'";
  let result = quote;
  for (const c of x) {
    const code = c.codePointAt(0)!;
    if (c === "\\" || c === quote) result += `\\${c}`;
    else if (c === "\n") result += "\\n";
    else if (c === "\r") result += "\\r";
    else if (c === "\t") result += "\\t";
    else if (code < 32 || (code >= 127 && code < 161)) result += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code > 0xffff) result += `\\U${code.toString(16).padStart(8, "0")}`;
    else if (code >= 0xd800) result += `\\u${code.toString(16).padStart(4, "0")}`;
    else result += c;
  }
  return result + quote;
}

const runs = { numRuns: 500 };

test("JSON is read as JSON.parse reads it", () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, "\t"), (x, indent) => {
      expect(plain(parseLiteral(JSON.stringify(x, null, indent), "t"))).toEqual(plain(x));
    }),
    runs,
  );
});

test("what Python's repr prints is read as the same value", () => {
  fc.assert(
    fc.property(value, (x) => {
      expect(plain(parseLiteral(repr(x), "t"))).toEqual(plain(x));
    }),
    runs,
  );
});

test("any text gives a value or a UserError with line and column, nothing else", () => {
  const syntax = fc.string({ unit: fc.constantFrom(..."{}[]()'\",: \n\\ux0129.eE+-nulTrFN#abc\u0000"), maxLength: 40 });
  fc.assert(
    fc.property(fc.oneof(syntax, text, value.map(repr)), fc.nat(40), fc.nat(3), (source, at, gone) => {
      try {
        parseLiteral(source.slice(0, at) + source.slice(at + gone), "file");
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        expect((error as Error).message).toMatch(/^file:\d+:\d+: expected /);
      }
    }),
    { numRuns: 5000 },
  );
});

describe("errors say where and what", () => {
  test.each([
    ["an empty text", ""],
    ["an open list", "[1, 2"],
    ["a missing comma", "[1 2]"],
    ["a missing colon", "{'a' 1}"],
    ["a key without quotes", "{a: 1}"],
    ["an open string", "['abc\n']"],
    ["a string that ends in a backslash", "'abc\\"],
    ["a broken escape", "'\\u12g4'"],
    ["text behind the value", "[1]\n\n  then more"],
    ["a call", "__import__('os').system('true')"],
    ["an unknown word", "[nan]"],
    ["the key __proto__", '{"__proto__": {"polluted": true}}'],
    ["the key constructor", '{"constructor": {"prototype": {"polluted": true}}}'],
    ["too deep a nesting", "[".repeat(100)],
  ])("%s", (_, source) => {
    expect(() => parseLiteral(source, "nets.txt")).toThrowErrorMatchingSnapshot();
  });
});

test("nothing that is read reaches the prototype of objects", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(() => parseLiteral(`{'${name}': {'polluted': 1}}`, "t")).toThrow(UserError);
  }
  const read = parseLiteral('{"a": {"b": 1}}', "t") as { a: object };
  expect(Object.getPrototypeOf(read)).toBeNull();
  expect(Object.getPrototypeOf(read.a)).toBeNull();
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test("a deep or long text ends in a moment", () => {
  const began = performance.now();
  expect(() => parseLiteral("[".repeat(1_000_000), "t")).toThrow(UserError);
  expect(() => parseLiteral(`[${"1".repeat(1_000_000)}x`, "t")).toThrow(UserError);
  expect(parseLiteral(`[${"1,".repeat(300_000)}]`, "t")).toHaveLength(300_000);
  expect(performance.now() - began).toBeLessThan(5000);
});
