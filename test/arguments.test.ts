import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rolldown/parseAst";
import { expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";

/** Most positional arguments of a function, outside kernel and assembly code, whose hot loops take what they need one by one. */
const MOST = 5;
const exempt = /^src\/kernel\/|\/assembly\//;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** Arguments of a parameter list; a rest parameter of a tuple type has those of its tuple. */
function argumentsOf(parameters: readonly Node[]): number {
  return parameters.reduce((sum, parameter) => {
    if (parameter.type !== "RestElement") return sum + 1;
    const type = (parameter["typeAnnotation"] as { typeAnnotation?: { elementTypes?: unknown[] } } | undefined)
      ?.typeAnnotation;
    return sum + (type?.elementTypes?.length ?? 1);
  }, 0);
}

/** Every function, method, signature and function type of a text with more than `MOST` arguments: its line and how many. */
function crowded(text: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const item of node) visit(item);
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    const { type = "", params, start } = node as Partial<Node> & { start: number };
    // Of types, not of values.
    const isList = type.startsWith("TSTypeParameter");
    if (!isList && Array.isArray(params) && argumentsOf(params) > MOST) {
      found.push(`line ${text.slice(0, start).split("\n").length}: ${argumentsOf(params)} arguments`);
    }
    for (const [key, value] of Object.entries(node)) if (key !== "parent") visit(value);
  };
  visit(parseAst(text, { lang: "ts" }).body);
  return found;
}

test.each([
  ["a function", "function f(a: number, b: string, c = 1, d?: number, e: number = 2, g?: number) {}"],
  ["an arrow", "const f = (a: A, b: B, c: C, { d, e }: D, g: (x: X) => void, h = f(1, 2)) => a;"],
  ["a method", "class A { m(a: 1, b: 2, c: 3, d: 4, e: 5, ...f: number[]) {} }"],
  ["a constructor", "class A { constructor(a, b, c, d, e, f) {} }"],
  ["a private method", "class A { #m<T>(a, b, c, d, e, f: Map<A, B>): void {} }"],
  ["a signature", "interface A { m(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6): void }"],
  ["a function type", "type F = (a: 1, b: 2, c: 3, d: 4, e: 5, f: 6) => void;"],
  ["a rest of a tuple", "function f(a: 1, b: 2, c: 3, ...d: [number, number, number]) {}"],
  ["a function in a function", "function f() { return [function (a, b, c, d, e, g) {}]; }"],
])("%s of six arguments is found", (_, text) => {
  expect(crowded(`// one line\n${text}`)).toEqual(["line 2: 6 arguments"]);
});

test("five arguments are not, whatever commas are in them", () => {
  expect(
    crowded("function f<A, B>(a = [1, 2], { b, c } = {}, d: Map<A, B>, e: (x: A, y: B) => 1, ...g: A[]) {}"),
  ).toEqual([]);
});

test(`no function outside kernel and assembly code takes more than ${MOST} arguments`, () => {
  const files = ["src", "workers", "bench", "study"].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file)),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files
    .filter((file) => !exempt.test(file))
    .flatMap((file) => crowded(readFileSync(join(packageRoot, file), "utf8")).map((place) => `${file} ${place}`));
  expect(found).toEqual([]);
});
