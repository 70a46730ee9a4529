import { UserError } from "../base/user-error.ts";
import { budgetNames, type CostName } from "../costs/cost-table.ts";
import { readReport } from "../report/model/read-report.ts";
import { archivedRuns } from "../run/archived.ts";
import {
  archiveArgument,
  type Command,
  DEFAULT_ARCHIVE,
  formatOption,
  formatOptions,
  print,
  printJson,
} from "./command.ts";
import { csv } from "./render/csv.ts";
import { costText, duration, table } from "./render/format.ts";
import { gapStrip, showsBlocks } from "./render/strips.ts";

export const runsCommand: Command = {
  positionals: { archive: `the archive file; ${DEFAULT_ARCHIVE} if left out` },
  options: formatOptions,
  examples: [
    ["qes runs qes.sqlite", "every run, its state and its best score"],
    ["qes runs qes.sqlite --csv > runs.csv", "the same for a spreadsheet"],
  ],
  async run(args) {
    const path = archiveArgument(args);
    const format = formatOption(args);
    const rows = archivedRuns(path).map(({ run, name, ...rest }) => ({ run, preset: name, ...rest }));
    if (format !== "table") {
      if (format === "json") printJson(rows);
      else {
        const limits = limitCells(rows);
        process.stdout.write(
          csv(rows.map(({ budgets, ...row }) => ({ ...row, ...limits({ preset: row.preset, budgets }) }))),
        );
      }
      return 0;
    }
    if (rows.length === 0) {
      print(`${path} has no runs`);
      return 0;
    }
    const ways = showsBlocks() ? waysOf(path) : undefined;
    const apart = budgetsApart(rows);
    print(
      table([
        [
          "run",
          "preset",
          ...(apart === undefined ? [] : ["budgets"]),
          "seed",
          "status",
          "evaluations",
          "of",
          "best",
          "time",
          "started",
          "digest",
          ...(ways === undefined ? [] : ["gap"]),
        ],
        ...rows.map((r) =>
          [
            r.run,
            r.preset,
            ...(apart === undefined ? [] : [apart(r)]),
            r.seed ?? "-",
            r.status,
            r.evaluations,
            r.of ?? "-",
            r.best === null ? "-" : r.selectedByNoise ? `selected at ${r.best}` : r.best,
            duration(r.seconds),
            r.started,
            r.digest?.slice(0, 12) ?? "-",
            ...(ways === undefined ? [] : [ways.get(r.run) ?? ""]),
          ].map(String),
        ),
      ]),
    );
    return 0;
  },
};

/** Cells of a run's budgets: a column for each that some run has. */
function limitCells(rows: readonly Limited[]): (row: Limited) => Record<string, number | null> {
  const names = [...new Set(rows.flatMap(({ budgets }) => Object.keys(budgets)))];
  return ({ budgets }) => Object.fromEntries(names.map((name) => [`budget_${name}`, budgets[name] ?? null]));
}

interface Limited {
  readonly preset: string;
  readonly budgets: Readonly<Record<string, number>>;
}

/** The budgets by which runs of one name differ; undefined where none do. */
function budgetsApart(rows: readonly Limited[]): ((run: Limited) => string) | undefined {
  const first = new Map<string, Limited["budgets"]>();
  const differing = new Map<string, Set<CostName>>();
  for (const { preset, budgets } of rows) {
    const before = first.get(preset);
    if (before === undefined) first.set(preset, budgets);
    else
      for (const name of budgetNames)
        if (before[name] !== budgets[name])
          differing.set(preset, (differing.get(preset) ?? new Set<CostName>()).add(name));
  }
  if (differing.size === 0) return undefined;
  const text = (name: CostName, limit: number | undefined) =>
    limit === undefined ? `no ${name}` : `${name} ${costText(name, limit)}`;
  return ({ preset, budgets }) =>
    budgetNames
      .filter((name) => differing.get(preset)?.has(name))
      .map((name) => text(name, budgets[name]))
      .join(", ");
}

/** How far every run was from the optimum, or from what is known of it; none where that cannot be said. */
function waysOf(path: string): ReadonlyMap<number, string> {
  try {
    const runs = readReport(path).groups.flatMap((group) => group.runs);
    return new Map(
      runs.map(({ run, points, reference }) => [run, reference === null ? "" : gapStrip(points, reference)]),
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return new Map();
  }
}
