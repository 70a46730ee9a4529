import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { Database } from "../../src/archive/sqlite.ts";
import { guard } from "../../src/archive/sqlite-errors.ts";
import { builtFile, packageRoot } from "../../src/base/package-root.ts";
import { UserError } from "../../src/base/user-error.ts";
import { gapOf } from "../../src/bound/gap.ts";
import { table } from "../../src/cli/render/format.ts";
import { presetValue } from "../../src/config/presets.ts";
import { temporaryFolder } from "../temporary.ts";
import { qes, qesJson, startQes } from "./qes.ts";

const folder = temporaryFolder();
const preset = "imagenet-mixed-7.0g";
const main = builtFile("src/cli/main.js");
const at = (file: string) => join(folder, file);

interface ShellOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line of the shell in which "$NODE" "$QES" is the program. */
async function shell(line: string): Promise<ShellOutcome> {
  const env = { ...process.env, NODE: process.execPath, QES: main };
  try {
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", line], { cwd: folder, env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as ShellOutcome;
  }
}

beforeAll(async () => {
  await qesJson(folder, "search", preset, "--evaluations", "600", "--archive", "good.sqlite", "--no-bound");
});

/** A copy of the good archive with something done to it. */
function changed(name: string, sql: string): string {
  writeFileSync(at(name), readFileSync(at("good.sqlite")));
  const db = new Database(at(name));
  db.unsafeMode();
  db.exec(sql);
  db.close();
  return name;
}

test.runIf(existsSync("/dev/full"))("a full disk behind stdout is told, with exit code 2", async () => {
  for (const command of ["presets", `search ${preset} --evaluations 300 --no-bound --archive full.sqlite --json`]) {
    const { code, stderr } = await shell(`"$NODE" "$QES" ${command} > /dev/full`);
    expect(stderr).toMatch(/^qes: cannot write to stdout: ENOSPC.*; make room, or write somewhere else/m);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  }
});

test.runIf(existsSync("/dev/full"))("a full disk behind stderr ends the progress and not the search", async () => {
  const line = `"$NODE" "$QES" search ${preset} --evaluations 600 --no-bound --archive deaf.sqlite 2> /dev/full`;
  const { code, stdout } = await shell(line);
  expect(stdout).toMatch(/^digest [0-9a-f]{64}$/m);
  expect(code).toBe(0);
});

test("an older Node is told before anything else is loaded", async () => {
  writeFileSync(at("old.cjs"), `Object.defineProperty(process.versions, "node", { value: "20.18.3" });`);
  expect(await shell(`"$NODE" -r ./old.cjs "$QES" presets`)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: "qes: expected Node 20.19 or newer, got 20.18.3; update Node\n",
  });
  const { engines } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  expect(engines.node).toBe(">=20.19");
});

test("native code of another Node is told with its remedy", () => {
  writeFileSync(at("other.node"), "built for another Node");
  const load = () => process.dlopen({ exports: {} } as unknown as NodeJS.Module, at("other.node"));
  expect(load).toThrow();
  expect(() => guard("a.sqlite", load)).toThrow(UserError);
  expect(() => guard("a.sqlite", load)).toThrow(/not built for Node \d+.*; run npm rebuild better-sqlite3$/);
});

test("a table has as many rows as it is given", () => {
  const lines = table(Array.from({ length: 200_000 }, (_, i) => [String(i), "x"])).split("\n");
  expect(lines).toHaveLength(200_000);
  expect(lines[7]).toBe("     7  x");
});

test.each(["good.sqlite ", "good.sqlite\t", "new.sqlite "])(
  "the archive %j is refused, whose name SQLite would trim",
  async (path) => {
    const before = readFileSync(at("good.sqlite"));
    const { code, stderr } = await qes(folder, "search", preset, "--evaluations", "300", "--archive", path);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/without white space at its end/) });
    expect(readFileSync(at("good.sqlite"))).toEqual(before);
    expect(existsSync(at("new.sqlite"))).toBe(false);
  },
);

test("an archive whose name begins with a space is that file", async () => {
  await qesJson(folder, "search", preset, "--evaluations", "300", "--archive", " good.sqlite", "--no-bound");
  expect(existsSync(at(" good.sqlite"))).toBe(true);
  expect(await qesJson(folder, "runs", "good.sqlite")).toHaveLength(1);
});

const endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT";
const foreign: readonly (readonly [string, string, RegExp])[] = [
  [
    "a view that computes without end",
    `DROP TABLE run; CREATE VIEW run AS ${endless} x AS id, 1 AS context, 'a' AS name, '{}' AS config, '' AS started, 0 AS seconds,
     'done' AS status, NULL AS checkpoint, NULL AS digest, NULL AS seal FROM n`,
    /view \\?"run\\?" is no table of an archive/,
  ],
  [
    "a trigger",
    `CREATE TRIGGER slow AFTER INSERT ON run BEGIN INSERT INTO reused ${endless} x, x, x'00' FROM n LIMIT 100000000; END`,
    /trigger "slow" is no table/,
  ],
  ["an index of an expression", "CREATE INDEX i ON run (hex(zeroblob(4000000)))", /index "i" is no table/],
  [
    "a computed column",
    "ALTER TABLE run ADD COLUMN big TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000))) VIRTUAL",
    /table "run" is no table/,
  ],
  [
    "a check that takes long",
    "DROP TABLE reused; CREATE TABLE reused (run INTEGER NOT NULL, generation INTEGER NOT NULL, keys BLOB NOT NULL CHECK (length(hex(zeroblob(400000000))) > 0))",
    /table "reused" is no table/,
  ],
  [
    "a check behind what looks like a comment",
    "DROP TABLE reused; CREATE TABLE reused (run INTEGER NOT NULL, generation INTEGER NOT NULL, keys BLOB DEFAULT '\n--' CHECK (length(hex(zeroblob(400000000))) > 0), y TEXT DEFAULT '\nb')",
    /table "reused" is no table/,
  ],
  ["a table of somebody else", "CREATE TABLE notes (id INTEGER)", /table "notes" is no table/],
  ["no table of checksums", "DROP TABLE generation", /schema 3 has generation.run, which is missing/],
  ["no checksums of runs", "ALTER TABLE run DROP COLUMN seal", /schema 3 has run.seal, which is missing/],
  [
    "a version that switches its checksums off",
    "UPDATE candidate SET score = 9999 WHERE rowid = 3; PRAGMA user_version = 1",
    /says schema 1, but has context.seal of schema 2/,
  ],
];

test.each(foreign)("an archive with %s is refused before it is read", async (_, sql, message) => {
  const name = changed("foreign.sqlite", sql);
  const began = performance.now();
  for (const command of [
    ["runs", name],
    ["best", name],
    ["verify", name],
    ["resume", name, "--evaluations", "900"],
  ]) {
    const { code, stdout, stderr } = await qes(folder, ...command);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(message) });
  }
  expect(performance.now() - began).toBeLessThan(20_000);
});

const sequences = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e";
const obeyed = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]/;

test("what somebody else wrote reaches the terminal without escape sequences and cut to a line", async () => {
  const { space } = presetValue(preset) as { space: { start: unknown[] } };
  const long = "n".repeat(3_000_000);
  const names = [`${sequences}first\nnothing wrong`, `${sequences}second`, long];
  const networks = [space.start, [{ class: "ConvKXBNRELU" }], space.start].map((structure, i) => ({
    name: names[i],
    structure,
  }));
  writeFileSync(at("names.json"), JSON.stringify(networks));
  const text = sequences.replaceAll("'", "''");
  const old = join(packageRoot, "test/fixtures/archive-v1.sqlite");
  writeFileSync(at("old.sqlite"), readFileSync(old));
  const db = new Database(at("old.sqlite"));
  db.exec(`UPDATE run SET name = '${text}name' WHERE id = 1; UPDATE run SET name = '${long}' WHERE id = 2`);
  db.exec(`INSERT OR REPLACE INTO writer VALUES (1, ${process.pid}, '${text}host', 1, '${text}')`);
  db.close();
  const outcomes = await Promise.all([
    qes(folder, "score", "names.json"),
    qes(folder, "score", "names.json", "--json"),
    qes(folder, "runs", "old.sqlite"),
    qes(folder, "runs", "old.sqlite", "--json"),
    qes(folder, "resume", "old.sqlite"),
    qes(folder, "best", `${sequences}.sqlite`),
    qes(folder, `${sequences}`),
  ]);
  expect(outcomes.map(({ code }) => code)).toEqual([2, 2, 0, 0, 2, 2, 2]);
  for (const { stdout, stderr } of outcomes) expect(obeyed.exec(stdout + stderr)).toBeNull();
  const [score, scoreJson, runs, runsJson, resume] = outcomes;
  expect(score.stdout).toContain("first nothing wrong");
  for (const { stdout, stderr } of [score, runs]) expect((stdout + stderr).length).toBeLessThan(20_000);
  expect(resume.stderr).toContain("host");
  // Machines get what is there.
  expect(JSON.parse(scoreJson.stdout)[0].name).toBe(names[0]);
  expect(JSON.parse(runsJson.stdout)[0].name ?? JSON.parse(runsJson.stdout)[0].preset).toBe(`${sequences}name`);
});

test("the gap of scores that are all 0 is a number", () => {
  expect(gapOf(0, 0)).toBe(0);
  expect(gapOf(1, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(gapOf(11, 10)).toBeCloseTo(0.1);
});

test.each([
  [".inf", "Infinity"],
  ["1e400", "Infinity"],
  ["-.inf", "-Infinity"],
  [".nan", "NaN"],
])("a number written %s is told as %s", async (text, told) => {
  const { code, stderr } = await qes(folder, "search", preset, "--set", `budgets.bitops=${text}`);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(new RegExp(`got ${told}$`, "m")) });
});

test.runIf(existsSync("/dev/zero"))("a file without an end is read up to the limit", async () => {
  for (const command of [
    ["search", "/dev/zero"],
    ["score", "/dev/zero"],
    ["verify-bound", "/dev/zero"],
  ]) {
    const { code, stderr } = await qes(folder, ...command);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/expected at most 64 MB, got more/) });
  }
});

test("a pipe is read to its end", async () => {
  mkdirSync(at("pipe"));
  const line = `mkfifo pipe/p && ("$NODE" "$QES" preset ${preset} > pipe/p &) && "$NODE" "$QES" search pipe/p --evaluations 300 --no-bound --archive pipe/a.sqlite --json --quiet`;
  const { code, stdout } = await shell(line);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).digest).toMatch(/^[0-9a-f]{64}$/);
});

test("a second signal ends the process at once, although the archive's disk stands still", async () => {
  // More children than the test lasts, on a machine of any speed.
  const long = ["--evaluations", "100000000", "--threads", "0", "--quiet"];
  const search = startQes(folder, "search", preset, "--archive", "stuck.sqlite", ...long);
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      expect(search.process.exitCode, "the search ended").toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  // Until it has begun: a lock that comes before is one that the search waits for at its start, where no signal is heard.
  await until(() => existsSync(at("stuck.sqlite-wal")));
  const disk = new Database(at("stuck.sqlite"), { timeout: 10_000 });
  const tables = disk.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'candidate'");
  await until(() => tables.get() !== undefined);
  const rows = disk.prepare("SELECT 1 FROM candidate LIMIT 1");
  await until(() => rows.get() !== undefined);
  disk.exec("BEGIN IMMEDIATE");
  let told = "";
  search.process.stderr!.on("data", (text) => {
    told += text;
  });
  // Until its thread waits for the lock.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  search.process.kill("SIGINT");
  await until(() => /stopping: .*stuck\.sqlite is written to its end; once more stops at once/.test(told));
  const began = performance.now();
  search.process.kill("SIGINT");
  const { code, signal } = await search.outcome;
  expect(performance.now() - began).toBeLessThan(1500);
  expect({ code, signal }).toEqual({ code: null, signal: "SIGINT" });
  disk.close();
  expect(await qesJson(folder, "verify", "stuck.sqlite")).toMatchObject({ findings: [] });
});

// Node 22 and later reserve less by themselves where they must.
