import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { presetValue } from "../../src/config/presets.ts";
import { isMain, numberArgument } from "./arguments.ts";
import { command, type Outcome } from "./command.ts";
import { type ArchiveRows, readRows } from "./rows.ts";

export interface SoakReport {
  searches: number;
  /** SIGKILLs that ended a process that was still running. */
  kills: number;
  /** SIGINTs and SIGTERMs that it answered with exit code 130. */
  stops: number;
  slowestStopSeconds: number;
  resumes: number;
  rowsLost: number;
  rowsTwice: number;
  digestsThatDiffered: number;
  /** Archives that a check found damaged, and processes that ended in another way than they should. */
  problems: string[];
}

export interface SoakOptions {
  /** It ends at whichever comes first. */
  readonly minutes: number;
  readonly kills: number;
  readonly scenarios: readonly Scenario[];
  readonly random: () => number;
  readonly onRound?: (report: SoakReport) => void;
}

/** One search, and what it comes to when nobody kills it. */
export interface Scenario {
  readonly name: string;
  readonly config: object;
  readonly threads: number;
}

const preset = (name: string, search: object, change: object = {}): object => {
  const value = presetValue(name) as Record<string, object>;
  return { ...value, ...change, search: { ...value["search"], ...search } };
};

/** A network is measured on 32 x 32 pixels, in about a millisecond. */
const forward = {
  score: { kind: "forward", resolution: 32, stageWeights: [0, 0, 1, 1, 6], sigmaActivation: 5, sigmaWeight: 4 },
  budgets: { layers: 47 },
};

export const scenarios: readonly Scenario[] = [
  {
    name: "analytic, inline",
    config: preset("imagenet-mixed-7.0g", { evaluations: 20_000, generation: 128 }),
    threads: 0,
  },
  {
    name: "analytic, 2 threads",
    config: preset("imagenet-mixed-7.0g", { evaluations: 20_000, generation: 256, seed: 2 }),
    threads: 2,
  },
  {
    name: "forward, 2 threads",
    config: preset("imagenet-mixed-7.0g", { evaluations: 400, generation: 16 }, forward),
    threads: 2,
  },
  {
    name: "forward, inline",
    config: preset("imagenet-mixed-7.0g", { evaluations: 300, generation: 16, seed: 2 }, forward),
    threads: 0,
  },
];

interface Reference extends ArchiveRows {
  readonly digest: string;
  readonly seconds: number;
}

/** Kills searches at random instants, resumes them until they are done, and compares what they come to with a search that was never killed. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const report: SoakReport = {
    searches: 0,
    kills: 0,
    stops: 0,
    slowestStopSeconds: 0,
    resumes: 0,
    rowsLost: 0,
    rowsTwice: 0,
    digestsThatDiffered: 0,
    problems: [],
  };
  const folder = mkdtempSync(join(tmpdir(), "qes-soak-"));
  const until = performance.now() + options.minutes * 60_000;
  const references = new Map<Scenario, Reference>();
  try {
    for (let round = 0; performance.now() < until && report.kills < options.kills; round++) {
      const scenario = options.scenarios[round % options.scenarios.length];
      const config = join(folder, `${options.scenarios.indexOf(scenario)}.yaml`);
      writeFileSync(config, stringify(scenario.config, { aliasDuplicateObjects: false }));
      const reference = references.get(scenario) ?? (await undisturbed(scenario, config, folder));
      references.set(scenario, reference);
      const path = join(folder, `${round}.sqlite`);
      await disturbed({ scenario, config, path, reference }, options, report);
      options.onRound?.(report);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

async function undisturbed(scenario: Scenario, config: string, folder: string): Promise<Reference> {
  const path = join(folder, "reference.sqlite");
  const { code, stdout, stderr, seconds } = await command(searchArgs(scenario, config, path));
  if (code !== 0) throw new Error(`${scenario.name}: exit code ${code}: ${stderr}`);
  const rows = readRows(path);
  rmSync(path);
  return { ...rows, digest: JSON.parse(stdout).digest, seconds };
}

function searchArgs({ threads }: Scenario, config: string, path: string): string[] {
  return ["search", config, "--archive", path, "--threads", String(threads), "--json", "--quiet"];
}

/** A search that is to be disturbed: its configuration's file, its archive, and how it ends undisturbed. */
interface Trial {
  readonly scenario: Scenario;
  readonly config: string;
  readonly path: string;
  readonly reference: Reference;
}

async function disturbed(trial: Trial, options: SoakOptions, report: SoakReport): Promise<void> {
  const { scenario, config, path, reference } = trial;
  report.searches++;
  const fail = (what: string) => report.problems.push(`${scenario.name}: ${what}`);
  let last: Outcome | undefined;
  let digest: string | undefined;
  for (let attempt = 0; digest === undefined; attempt++) {
    const begun = readRows(path).runs > 0;
    if (begun) report.resumes++;
    const args = begun
      ? ["resume", path, "--threads", String(scenario.threads), "--json", "--quiet"]
      : searchArgs(scenario, config, path);
    // After many attempts it is left in peace, so that every search ends.
    const after = options.random() * reference.seconds * 1.1 * 1000;
    const name = options.random() < 0.85 ? "SIGKILL" : options.random() < 0.5 ? "SIGINT" : "SIGTERM";
    last = await command(args, attempt < 12 ? { name, after } : undefined);
    if (last.code === null && name === "SIGKILL") report.kills++;
    // Before the program has begun to listen, a signal ends it.
    else if (last.code === null && attempt < 12) report.stops++;
    else if (last.code === 130) {
      report.stops++;
      report.slowestStopSeconds = Math.max(report.slowestStopSeconds, last.seconds - after / 1000);
      if (!/qes resume/.test(last.stderr)) fail(`stopped without a word: ${last.stderr}`);
    } else if (last.code !== 0) {
      fail(`exit code ${last.code}: ${last.stderr}`);
      return;
    }
    const state = readRows(path);
    for (const line of state.damage) fail(line);
    // A kill may come between the last generation and the end of the process.
    digest = last.code === 0 ? JSON.parse(last.stdout).digest : state.digest;
  }
  const { rows } = readRows(path);
  const got = new Set(rows);
  report.rowsTwice += rows.length - got.size;
  report.rowsLost += reference.rows.filter((row) => !got.has(row)).length;
  const surplus = rows.length - reference.rows.length;
  if (surplus > 0) fail(`${surplus} rows too many`);
  if (digest !== reference.digest) report.digestsThatDiffered++;
  rmSync(path);
}

if (isMain(import.meta.url)) {
  const report = await soak({
    minutes: numberArgument("minutes", 5),
    kills: numberArgument("kills", Number.MAX_SAFE_INTEGER),
    scenarios,
    random: Math.random,
    onRound: ({ searches, kills, resumes, problems }) => {
      process.stderr.write(`${searches} searches, ${kills} kills, ${resumes} resumes, ${problems.length} problems`);
      process.stderr.write(` ${problems.at(-1) ?? ""}\n`);
    },
  });
  console.log(JSON.stringify(report, null, 2));
  const { rowsLost, rowsTwice, digestsThatDiffered, problems } = report;
  process.exitCode = rowsLost + rowsTwice + digestsThatDiffered + problems.length === 0 ? 0 : 1;
}
