import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";

// Arguments lie on the stack: a list of 150,000 of them is a RangeError.
test("no list becomes arguments of Math.max, Math.min, push or their like", () => {
  const spread = /\b(?:Math\.\w+|\w+\.(?:push|unshift|concat|splice|fromCharCode|fromCodePoint|apply))\([^(){}]*\.\.\./;
  const sources = ["src", "workers"].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file)),
  );
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.flatMap((file) =>
    readFileSync(join(packageRoot, file), "utf8")
      .split("\n")
      .flatMap((line, i) => (spread.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
