import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";

const files = ["src", "workers", "bench", "study", "scripts", "test"].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(?:ts|mjs)$/.test(file))
    .map((file) => join(folder, file)),
);
const textOf = (file: string) => readFileSync(join(packageRoot, file), "utf8");

test("a file has 300 lines at most, one of a kernel or in AssemblyScript 500", () => {
  const most = (file: string) => (/^src\/(?:kernel|.*\/assembly)\//.test(file) ? 500 : 300);
  const long = files.filter((file) => textOf(file).split("\n").length - 1 > most(file));
  expect(long).toEqual([]);
});

test("SQLite is opened through the file that knows which package the running Node has", () => {
  const own = files.filter((file) => /^import (?!type)[^;]* from "better-sqlite3/m.test(textOf(file)));
  expect(own).toEqual([]);
});

test("what a file of src exports, another file imports, or it is the type of something exported", () => {
  const users = files.filter((file) => !file.includes("/assembly/"));
  const used = new Set<string>();
  for (const file of users) {
    for (const [, names, from] of textOf(file).matchAll(
      /(?:import|export)\s+(?:type\s+)?([^;"]*?)\s*from\s+"(\.[^"]+)"/g,
    )) {
      const target = normalize(join(dirname(file), from));
      const listed = names.match(/\{([\s\S]*)\}/)?.[1];
      for (const name of listed?.split(",") ?? ["*"]) {
        used.add(
          `${target} ${name
            .trim()
            .replace(/^type /, "")
            .replace(/ as .*/, "")}`,
        );
      }
    }
    // A file loaded when it is needed is used as a whole.
    for (const [, from] of textOf(file).matchAll(/import\("(\.[^"]+)"\)/g)) {
      used.add(`${normalize(join(dirname(file), from))} *`);
    }
  }
  expect(used.size).toBeGreaterThan(300);
  const unused = users
    .filter((file) => file.startsWith("src/") && file !== "src/index.ts")
    .flatMap((file) => {
      const text = textOf(file);
      const declared = [
        ...text.matchAll(/^export (?:async )?(?:abstract )?(function\*?|class|const|let|interface|type|enum) (\w+)/gm),
      ].filter(([, kind, name]) => !/interface|type/.test(kind) || text.split(new RegExp(`\\b${name}\\b`)).length < 3);
      const passedOn = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) => names.split(","));
      const names = [
        ...declared.map(([, , name]) => name),
        ...passedOn.map((name) => name.trim().replace(/^type /, "")),
      ];
      return names
        .filter((name) => name !== "" && !used.has(`${file} ${name}`) && !used.has(`${file} *`))
        .map((name) => `${file} ${name}`);
    });
  expect(unused).toEqual([]);
});
