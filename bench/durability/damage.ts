import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";
import { UserError } from "../../src/base/user-error.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { presetValue } from "../../src/config/presets.ts";
import { resumeSearch, SearchStopped, startSearch } from "../../src/run/run.ts";
import { isMain, numberArgument } from "./arguments.ts";
import { type InProcessOutcome, inProcess } from "./in-process.ts";
import { readRows } from "./rows.ts";

export interface DamageReport {
  archives: number;
  /** Command lines that were run on them. */
  commands: number;
  /** Refused with a message and exit code 2. */
  refused: number;
  /** Answered, and rightly: the damage was in bytes that hold nothing, or lost no more than the last generations. */
  answered: number;
  uncaught: string[];
  wrong: string[];
}

export interface DamageOptions {
  readonly archives: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

const clock = () => performance.now() / 1000;

/** An archive to damage, and what it answers undamaged. */
interface Sound {
  readonly name: string;
  readonly main: Buffer;
  readonly wal: Buffer | undefined;
  /** Schema 1 has no checksums: a flipped bit in a row cannot be noticed. */
  readonly checked: boolean;
  readonly rows: ReadonlySet<string>;
  /** Of the unfinished run's end, by run. */
  readonly digest: string;
  /** Best scores of the unfinished run at its generation borders. */
  readonly bests: ReadonlySet<number>;
}

function configOf(seed: number): Config {
  const value = presetValue("imagenet-mixed-7.0g") as { search: object };
  const search = { ...value.search, evaluations: 300, population: 16, generation: 60, seed };
  return parseConfig({ ...value, search }, "damage");
}

/** Damages archives in many ways and runs the commands on them: nothing may crash, and what is answered must be right. */
export async function damage(options: DamageOptions): Promise<DamageReport> {
  const report: DamageReport = { archives: 0, commands: 0, refused: 0, answered: 0, uncaught: [], wrong: [] };
  const folder = mkdtempSync(join(tmpdir(), "qes-damage-"));
  try {
    const sounds = await soundArchives(folder);
    for (let i = 0; i < options.archives; i++) {
      await damageOne(sounds[i % sounds.length], join(folder, "damaged.sqlite"), options.random, report);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

/** A finished run and an unfinished one: at rest, with its last generations still in the write-ahead log, and of schema 1. */
async function soundArchives(folder: string): Promise<Sound[]> {
  const path = join(folder, "sound.sqlite");
  await startSearch(configOf(1), { archive: path, threads: 0, clock });
  const bests = new Set<number>();
  const stop = new AbortController();
  const copies: [string, string] = [join(folder, "copy.sqlite"), join(folder, "copy.sqlite-wal")];
  let generations = 0;
  await startSearch(configOf(2), {
    archive: path,
    threads: 0,
    clock,
    stop: stop.signal,
    onProgress: ({ bestScore }) => {
      bests.add(bestScore);
      if (++generations === 4) {
        copyFileSync(path, copies[0]);
        copyFileSync(`${path}-wal`, copies[1]);
        stop.abort();
      }
    },
  }).catch((error) => {
    if (!(error instanceof SearchStopped)) throw error;
  });
  const { digest } = await startSearch(configOf(2), { archive: ":memory:", threads: 0, clock });
  const rows = new Set(readRows(path).rows);
  const atRest = { name: "at rest", main: readFileSync(path), wal: undefined, checked: true, rows, digest, bests };
  const old = join(packageRoot, "test/fixtures/archive-v1.sqlite");
  const oldRows = new Set(readRows(old).rows);
  return [
    atRest,
    { ...atRest, name: "with a log", main: readFileSync(copies[0]), wal: readFileSync(copies[1]) },
    atRest,
    { ...atRest, name: "of schema 1", main: readFileSync(old), checked: false, rows: oldRows },
  ];
}

async function damageOne(sound: Sound, path: string, random: () => number, report: DamageReport): Promise<void> {
  report.archives++;
  const below = (n: number) => Math.floor(random() * n);
  const { main, wal, how } = injure(sound, below);
  const restore = () => {
    for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(path + end, { force: true });
    if (main !== undefined) writeFileSync(path, main);
    if (wal !== undefined) writeFileSync(`${path}-wal`, wal);
  };
  const check = async (
    args: readonly string[],
    right: (stdout: string) => string | undefined,
    run: (args: readonly string[]) => Promise<InProcessOutcome> = inProcess,
  ) => {
    restore();
    report.commands++;
    const line = `${sound.name}, ${how}: qes ${args[0]}`;
    try {
      const { code, stdout, stderr } = await run(args);
      if (code === 1) report.uncaught.push(`${line}: ${stderr.slice(0, 500)}`);
      else if (code === 2) report.refused++;
      else {
        report.answered++;
        const wrong = sound.checked ? right(stdout) : undefined;
        if (wrong !== undefined) report.wrong.push(`${line}: ${wrong}`);
      }
    } catch (error) {
      report.uncaught.push(`${line}: ${error instanceof Error ? error.stack : error}`);
    }
  };
  await check(["runs", path, "--json"], (stdout) =>
    JSON.parse(stdout).every((run: { seed: number }) => run.seed === 1 || run.seed === 2)
      ? undefined
      : "a seed differs",
  );
  await check(["best", path, "--format", "json"], (stdout) => {
    const { score } = JSON.parse(stdout)[0];
    // Without its last generations, the last run may be the first one, or at an earlier border.
    return sound.bests.has(score) || sound.wal !== undefined ? undefined : `best score ${score}`;
  });
  await check(["verify", path, "--json"], () => {
    const { rows } = readRows(path);
    if (rows.some((row) => !sound.rows.has(row))) return "a row differs, and verify finds nothing";
    return sound.wal === undefined && rows.length !== sound.rows.size
      ? "rows are missing, and verify finds nothing"
      : undefined;
  });
  const right = (digest: string) => (digest === sound.digest ? undefined : `digest ${digest}`);
  await check(["resume", path], right, resume);
}

/** As `qes resume`, without the bound that it waits for. */
async function resume([, archive]: readonly string[]): Promise<InProcessOutcome> {
  try {
    const { digest } = await resumeSearch({ archive, threads: 0, clock });
    return { code: 0, stdout: digest, stderr: "" };
  } catch (error) {
    if (error instanceof UserError) return { code: 2, stdout: "", stderr: error.message };
    throw error;
  }
}

/** The two files with some damage; undefined is a file that is missing. */
function injure({ main, wal }: Sound, below: (n: number) => number) {
  const PAGE = 8192;
  const target = wal !== undefined && below(2) === 0 ? "wal" : "main";
  const bytes = Buffer.from(target === "wal" ? wal! : main);
  const done = (how: string, injured: Buffer | undefined) =>
    target === "wal" ? { main, wal: injured, how: `log ${how}` } : { main: injured, wal, how };
  const pages = Math.floor(bytes.length / PAGE);
  const page = () => below(pages) * PAGE;
  switch (below(8)) {
    case 0:
      return done("cut off at a page", bytes.subarray(0, page()));
    case 1:
      return done("cut off", bytes.subarray(0, below(bytes.length)));
    case 2: {
      const at = below(bytes.length);
      bytes[at] ^= 1 << below(8);
      return done(`bit flipped at ${at}`, bytes);
    }
    case 3: {
      for (let i = 1 + below(64); i > 0; i--) bytes[below(bytes.length)] = below(256);
      return done("bytes changed", bytes);
    }
    case 4: {
      const at = page();
      bytes.fill(below(2) * 255, at, at + PAGE);
      return done("page wiped", bytes);
    }
    case 5: {
      const from = page();
      bytes.copy(bytes, page(), from, from + PAGE);
      return done("page overwritten by another", bytes);
    }
    case 6: {
      const at = below(bytes.length);
      for (let i = at; i < Math.min(bytes.length, at + 512); i++) bytes[i] = below(256);
      return done("a sector of noise", bytes);
    }
    default:
      return below(2) === 0 ? done("empty", Buffer.alloc(0)) : done("missing", undefined);
  }
}

/** A repeatable stream of numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

if (isMain(import.meta.url)) {
  const report = await damage({
    archives: numberArgument("archives", 1000),
    random: seeded(numberArgument("seed", 1)),
  });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.uncaught.length + report.wrong.length === 0 ? 0 : 1;
}
