import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../src/base/package-root.ts";
import { snippetsOf } from "./snippets.ts";
import { temporaryFolder } from "./temporary.ts";

/** Another project, with the packed package installed in it. */
const consumer = temporaryFolder();
const installed = join(consumer, "node_modules/qe-search");
const pages = ["README.md", "docs/api.md"];
/** Where the README's commands run: its pieces of TypeScript write an archive of the same name. */
const terminal = join(consumer, "terminal");
const snippets = pages.flatMap((page) => snippetsOf(page, "ts").map((code, i) => ({ name: `${page} ${i + 1}`, code })));
let listed: string[] = [];

beforeAll(() => {
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", consumer], {
    cwd: packageRoot,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  // npm 11 gives an object by name where earlier ones give a list; scripts may print before it.
  const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]$/m))));
  const { filename, files } = packed as { filename: string; files: { path: string }[] };
  listed = files.map(({ path }) => path);
  for (const folder of [installed, terminal]) mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["xzf", join(consumer, filename), "--strip-components=1", "-C", installed]);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  // What npm would install with it. The project's own are the types of Node alone.
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), "@types/node"]) {
    const target = join(packageRoot, "node_modules", name);
    if (!existsSync(target)) continue;
    mkdirSync(dirname(join(consumer, "node_modules", name)), { recursive: true });
    symlinkSync(target, join(consumer, "node_modules", name));
  }
  mkdirSync(join(consumer, "node_modules/.bin"));
  const { bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  symlinkSync(join(installed, bin.qes), join(consumer, "node_modules/.bin/qes"));
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }));
});

describe("the package", () => {
  test("holds the program, its threads and WebAssembly, presets and docs, and nothing of the workshop", () => {
    const rooms = new Set(
      listed.map((path) => path.replace(/^(dist\/src|dist\/workers|presets|docs|templates|examples)\/.*/, "$1")),
    );
    const whole = [
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "package.json",
      "dist/licences.txt",
    ];
    expect([...rooms].sort()).toEqual(
      [...whole, "dist/src", "dist/workers", "docs", "examples", "presets", "templates"].sort(),
    );
    expect(
      listed.filter(
        (path) =>
          !/\.(?:js|d\.ts|cjs|wasm|yaml|md|json|txt)$|^LICENSE$|^(?:templates|examples|docs\/study)\//.test(path),
      ),
    ).toEqual([]);
    expect(listed.filter((path) => /fuzz|soak|damage|ablation|mixed-precision\.js|\.test\./.test(path))).toEqual([]);
    expect(listed.filter((path) => path.endsWith(".wasm"))).toHaveLength(4);
    const { files } = JSON.parse(readFileSync(join(packageRoot, "dist/build.json"), "utf8"));
    expect(listed.filter((path) => path.startsWith("dist/") && !(path.slice(5) in files))).toEqual([]);
  });

  test("holds every file that a page of it links to", () => {
    const all = listed.filter((path) => path.endsWith(".md"));
    const links = all.flatMap((page) => {
      const text = readFileSync(join(packageRoot, page), "utf8");
      return [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, link]) => join(dirname(page), link));
    });
    expect(links).toContain("CONTRIBUTING.md");
    expect(links.filter((link) => !listed.includes(link))).toEqual([]);
  });

  test("starts in under a second in another project", () => {
    const seconds = Array.from({ length: 3 }, () => {
      const began = performance.now();
      const { stdout } = spawnSync("qes", ["--version"], { cwd: consumer, env: environment(), encoding: "utf8" });
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      return (performance.now() - began) / 1000;
    });
    expect(Math.min(...seconds)).toBeLessThan(1);
  });
});

describe("pieces of TypeScript in the docs", () => {
  beforeAll(() => {
    const options = { module: "nodenext", target: "es2023", strict: true, exactOptionalPropertyTypes: true };
    const compilerOptions = { ...options, skipLibCheck: false, noUnusedLocals: true, types: ["node"], outDir: "out" };
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    snippets.forEach(({ code }, i) => {
      writeFileSync(join(consumer, `snippet${i}.ts`), code);
    });
  });

  test("are there", () => {
    expect(snippets.length).toBeGreaterThan(4);
  });

  test("compile against the package, whose own types are checked with them", () => {
    const tsc = join(packageRoot, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", "."], { cwd: consumer, encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test.each(snippets.map((snippet, i) => ({ ...snippet, i })))("$name runs, and prints what it says", ({ code, i }) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`out/snippet${i}.js`], {
      cwd: consumer,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const [, line] of code.matchAll(/^\/\/ prints (.*)$/gm)) expect(stdout.split("\n")).toContain(line);
  });
});

describe("commands in the README", () => {
  const blocks = snippetsOf("README.md", "");
  /** Without what differs between machines. */
  const lasting = (text: string) =>
    text
      .replace(/ in [\d.]+ s \(.*?\/s\)/g, "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.trimEnd());
  const commands = blocks.flatMap((block) => {
    const lines = block.split("\n");
    return lines.flatMap((line, at) => {
      const command = line.match(/^(?:\$ )?(?:npm ci && )?npx (qes .*?)(?:\s+#.*)?$/)?.[1];
      if (command === undefined) return [];
      const output = line.startsWith("$ ") ? lines.slice(at + 1) : [];
      const end = output.findIndex((next) => next.startsWith("$ "));
      return { command, output: end < 0 ? output : output.slice(0, end) };
    });
  });
  const printed = new Map<string, string>();

  test("are there", () => {
    expect(commands.length).toBeGreaterThanOrEqual(2);
  });

  test.each(commands)("$command", ({ command, output }) => {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
      cwd: terminal,
      env: environment(),
      encoding: "utf8",
    });
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    printed.set(command, `${stderr}\n${stdout}`);
    if (output.length > 0) expect(lasting(stdout)).toEqual(lasting(output.join("\n")));
  });

  test("the first one prints what the README shows", () => {
    const shown = blocks.find((block) => block.includes("\ndigest "));
    expect(shown).toBeDefined();
    const stdout = lasting(printed.get(commands[0].command)!);
    expect(lasting(shown!).filter((line) => !stdout.includes(line))).toEqual([]);
  });
});

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [join(consumer, "node_modules/.bin"), process.env["PATH"]].join(delimiter) };
}
