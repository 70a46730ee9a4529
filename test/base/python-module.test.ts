import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePythonModule } from "../../src/base/python-module.ts";
import { UserError } from "../../src/base/user-error.ts";

const read = (expression: string) =>
  JSON.parse(JSON.stringify(parsePythonModule(`x = ${expression}`, "m.py").values["x"]));

// The values that python3 has for these.
test.each([
  ["1 + 2 * 3 ** 2", 19],
  ["-2 ** 2", -4],
  ["2 ** 3 ** 2", 512],
  ["2 ** -1", 0.5],
  ["(1 + 2) * 3", 9],
  ["10 - 4 - 3", 3],
  ["7 // 2 * 2", 6],
  ["-7 // 2", -4],
  ["-7 % 3", 2],
  ["7 % -3", -2],
  ["1000 * 1e6", 1e9],
  ["6.976e9", 6.976e9],
  ["1_000", 1000],
  ["0x10", 16],
  ["5.", 5],
  [".5", 0.5],
  ["[1, 2,] + [3]", [1, 2, 3]],
  ["[4] * 3", [4, 4, 4]],
  ["[[1]] * 2", [[1], [1]]],
  ["(1,)", [1]],
  ["(1)", 1],
  ["()", []],
  ["(1, 2)", [1, 2]],
  ["{'a': 1, \"b\": [None, True, False],}", { a: 1, b: [null, true, false] }],
  ["dict(a=1, b=dict())", { a: 1, b: {} }],
  ["[1, 2, 3][-1]", 3],
  ["dict(a=[5])['a'][0]", 5],
  ["'a' \"b\" + 'c'", "abc"],
  ["r'\\n' '\\n\\x41\\u00e9\\101\\q'", "\\n\nAéA\\q"],
  ["'''two\nlines'''", "two\nlines"],
  ["[1, # one\n 2]", [1, 2]],
  ["1 + \\\n 2", 3],
])("%s", (expression, value) => {
  expect(read(expression)).toEqual(value);
});

test("names are what was assigned to them above, and the places of keys and items are known", () => {
  const { values, used, place } = parsePythonModule(
    '"""doc"""\na = 3; b = [a, a]\n# c = 1\n\nd = dict(\n  e = b)\n',
    "m.py",
  );
  expect(JSON.parse(JSON.stringify(values))).toEqual({ a: 3, b: [3, 3], d: { e: [3, 3] } });
  expect([...used]).toEqual(["a", "b"]);
  expect(place(values, "d")).toBe("m.py:5:1");
  expect(place(values["d"] as object, "e")).toBe("m.py:6:3");
  expect(place(values["b"] as object, 1)).toBe("m.py:2:16");
});

describe("what is more than literals is refused, with line and column", () => {
  test.each([
    ["m.py:1:5: expected dict(...), the one call that is read and not run", "x = __import__('os').system('true')"],
    ["m.py:1:5: expected dict(...)", "x = open('/etc/passwd')"],
    ["m.py:1:1: expected name = value (the file is read and not run", "import os"],
    ["m.py:1:1: expected name = value", "for i in [1]: pass"],
    ["m.py:1:1: expected name = value", "print('x')"],
    ["m.py:2:3: expected no indentation", "x = 1\n  y = 2"],
    ["m.py:1:9: expected the end of the line", "x = [1] if 1 else 2"],
    ["m.py:1:8: expected the end of the line", "x = 'a'.join"],
    ["m.py:1:5: expected a plain string", "x = f'{1}'"],
    ["m.py:2:5: expected a value, or a name that was assigned above", "\nx = y"],
    ["expected another name", "x = {'__proto__': 1}"],
    ["expected another name", "x = dict(constructor=1)"],
    ["expected another name", "__proto__ = dict(a=1)"],
    ["expected a value, or a name that was assigned above", "x = toString"],
    ["expected a key in quotes", "x = {1: 2}"],
    ["expected a number that is finite", "x = 1 / 0"],
    ["expected a number that is finite", "x = 10 ** 1000"],
    ["expected a number that is finite", "x = (-8) ** 0.5"],
    ["expected an item that is there", "x = [1][3]"],
    ["expected an item that is there", "x = dict(a=1)['toString']"],
    ["expected numbers, or strings or lists that are added", "x = [1] - [1]"],
    ["expected numbers, or strings", "x = True + 1"],
    ["expected at most 10000 items", "x = [0] * 10 ** 9"],
    ["expected at most 64 levels", `x = ${"[".repeat(1000)}`],
    ["expected at most 64 levels", `x = ${"(".repeat(1000)}`],
    ["expected at most 64 levels", `x = ${"-".repeat(100_000)}1`],
    ["expected at most 64 levels", `x = ${"2 ** ".repeat(10_000)}1`],
    ["expected at most 64 levels", `x = ${"dict(a=".repeat(1000)}`],
    ["expected a closing '", "x = 'abc\n'"],
    ['expected a closing """', 'x = """abc\n'],
    ["expected ',' or ']', got the end of the text", "x = [1, 2"],
    ["expected at most 1 million characters", `x = '${"a".repeat(1_000_001)}'`],
    ["expected at most 200000 words", `x = [${"1,".repeat(200_000)}]`],
  ])("%s", (message, text) => {
    const began = performance.now();
    expect(() => parsePythonModule(text, "m.py")).toThrow(message);
    expect(() => parsePythonModule(text, "m.py")).toThrow(UserError);
    expect(performance.now() - began).toBeLessThan(3000);
    expect("a" in {}).toBe(false);
  });

  test("strings and lists that double end", () => {
    expect(() => parsePythonModule(`x = 'ab'\n${"x = x + x\n".repeat(60)}`, "m.py")).toThrow("at most 100000 items");
    expect(() => parsePythonModule(`x = [1]\n${"x = x + x\n".repeat(60)}`, "m.py")).toThrow("at most 10000 items");
  });
});

test("any text gives values or a UserError with line and column, nothing else", () => {
  const words = [
    "x",
    "=",
    " ",
    "\n",
    "dict",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "'",
    '"',
    "1",
    ".5",
    "e9",
    "**",
    "-",
    "+",
    "#",
    "\\",
    "None",
    "'a'",
    ";",
    "\u0000",
    "é",
  ];
  const line = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.oneof(
        line,
        line.map((text) => `x = ${text}`),
        fc.string({ unit: "binary" }),
      ),
      (text) => {
        try {
          parsePythonModule(text, "file");
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as Error).message).toMatch(/^file:\d+:\d+: expected /);
        }
      },
    ),
    { numRuns: 5000 },
  );
});
