import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rolldown/parseAst";
import { expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";

/** Texts of a program, without its comments. */
function textsOf(code: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, value } = node as { type?: string; value?: unknown };
    if (type === "Literal" && typeof value === "string") found.push(value);
    if (type === "TemplateElement") found.push((value as { raw: string }).raw);
    for (const part of Object.values(node)) visit(part);
  };
  visit(parseAst(code, { lang: "ts" }).body);
  return found;
}

/** Options of Node, which are no option of the command line. */
const ofNode = ["--disable-wasm-trap-handler", "--no-concurrent-recompilation"];

/** Texts that name an option or a command of the command line. */
const commandLineTexts = (code: string) =>
  textsOf(code).filter((text) => /(?:^|\s)--[a-z]|\bqes [a-z]/.test(text) && !ofNode.includes(text));

test("a text that names an option or a command is found, code and comments are not", () => {
  const code = 'f("add --unlock"); // --unlock\nf(`go on with qes resume`, "--set"); f(x ? --i : "qes-bench-");';
  expect(commandLineTexts(code)).toEqual(["add --unlock", "go on with qes resume", "--set"]);
});

test("library code does not speak of the command line: src/cli words what can be done", () => {
  const files = readdirSync(join(packageRoot, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("cli/") && !file.includes("assembly/"),
  );
  expect(files.length).toBeGreaterThan(80);
  const found = files.flatMap((file) =>
    commandLineTexts(readFileSync(join(packageRoot, "src", file), "utf8")).map((text) => `${file}: ${text}`),
  );
  expect(found).toEqual([]);
});
