import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary.ts";

const copied = ["src", "workers", "bench", "scripts", "presets", "study"];
const settings = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];

/** A checkout of its own, with the packages of this one: other tests run what is built here. */
function checkout(): string {
  const folder = temporaryFolder();
  for (const name of [...copied, ...settings]) cpSync(join(packageRoot, name), join(folder, name), { recursive: true });
  symlinkSync(join(packageRoot, "node_modules"), join(folder, "node_modules"));
  return folder;
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(folder: string, file: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(folder, file), ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
const build = (folder: string, ...args: string[]) => node(folder, "scripts/build.mjs", ...args);
const qes = (folder: string, ...args: string[]) => node(folder, "dist/src/cli/main.js", ...args);

/** Every file of dist with when it was written. */
const written = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" })
      .filter((file) => statSync(join(folder, "dist", file)).isFile())
      .map((file) => [file, statSync(join(folder, "dist", file)).mtimeMs]),
  );

/** An edit that the built command shows. */
function edit(folder: string, version: string): void {
  writeFileSync(join(folder, "src/cli/version.ts"), `export const version: string = "${version}";\n`);
}

const good: Outcome = { code: 0, stdout: "", stderr: "" };

describe("npm run build", () => {
  const folder = checkout();

  test("two at once both succeed, and leave one whole dist", async () => {
    expect(await Promise.all([build(folder), build(folder)])).toEqual([good, good]);
    const { files } = JSON.parse(readFileSync(join(folder, "dist/build.json"), "utf8"));
    expect(Object.keys(written(folder)).sort()).toEqual([...Object.keys(files), "build.json"].sort());
    expect(Object.keys(files).filter((file) => /src\/index\.(?:js|d\.ts)$|\.wasm$|\.cjs$/.test(file))).toHaveLength(11);
    expect((await qes(folder, "presets")).code).toBe(0);
  });

  test("does nothing where nothing changed; mends a dist that lacks a file, and removes what killed builds left", async () => {
    const before = written(folder);
    expect(await build(folder)).toEqual(good);
    expect(await build(folder, "--no-types")).toEqual(good);
    expect(written(folder)).toEqual(before);

    rmSync(join(folder, "dist/src/engine/genome.wasm"));
    const left = ["src/left.js", ".building-1/left.js", "src/young.js"].map((file) => join(folder, "dist", file));
    mkdirSync(dirname(left[1]));
    for (const file of left) writeFileSync(file, "");
    const hoursAgo = new Date(Date.now() - 7_200_000);
    for (const path of [left[0], dirname(left[1])]) utimesSync(path, hoursAgo, hoursAgo);
    expect(await build(folder)).toEqual(good);
    expect(left.filter((file) => existsSync(file))).toEqual([left[2]]);
    rmSync(left[2]);
    expect(Object.keys(written(folder))).toEqual(Object.keys(before));
  });

  test("while commands start and run, every one of them succeeds", async () => {
    const old = readdirSync(join(folder, "dist/src/chunks"));
    let building = true;
    const builds = (async () => {
      for (const version of ["1.0.1", "1.0.2"]) {
        edit(folder, version);
        expect(await build(folder, "--no-types")).toEqual(good);
        // A command that began before loads the rest of itself now.
        if (version === "1.0.1")
          expect(old.filter((file) => !existsSync(join(folder, "dist/src/chunks", file)))).toEqual([]);
      }
      building = false;
    })();
    const outcomes = new Set<string>();
    while (building) {
      const { code, stderr } = await qes(folder, "presets");
      outcomes.add(`${code} ${stderr}`);
    }
    await builds;
    expect([...outcomes]).toEqual(["0 "]);
    expect((await qes(folder, "--version")).stdout).toBe("1.0.2\n");
  });
});
