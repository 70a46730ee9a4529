import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/base/package-root.ts";

/** The fenced blocks of a page in one language; "" for those that name none. */
export function snippetsOf(page: string, language: string): string[] {
  const text = readFileSync(join(packageRoot, page), "utf8");
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code]) =>
    name === language ? code : [],
  );
}
