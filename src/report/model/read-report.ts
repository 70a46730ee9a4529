import { statSync } from "node:fs";
import { basename } from "node:path";
import { Archive } from "../../archive/archive.ts";
import { UserError } from "../../base/user-error.ts";
import { checkedLayers } from "./checked.ts";
import { comparisonOf } from "./comparison.ts";
import { deviceFits } from "./devices.ts";
import type { ReportModel } from "./model.ts";
import { networkView } from "./network-view.ts";
import { RunOpener, runView } from "./open-run.ts";
import { populationView } from "./population.ts";
import { priceLists } from "./prices.ts";
import { groupsOf, raceOf } from "./race.ts";

/** Runs that a report lists: those of the problem that is looked at first, then the latest. */
const RUNS = 200;

export interface ReadOptions {
  /** Id of the run that is looked at; the last one if absent. */
  readonly run?: number | undefined;
  /** Whether its best network is measured, which takes seconds. */
  readonly measure?: boolean;
}

/**
 * What a report of an archive shows; never disturbs a running search.
 * @throws UserError where there is no archive, no such run, or something of it is damaged
 */
export function readReport(path: string, options: ReadOptions = {}): ReportModel {
  const archive = Archive.openForReading(path);
  try {
    return archive.atOneMoment(() => read(archive, options));
  } finally {
    archive.close();
  }
}

function read(archive: Archive, { run: id, measure = false }: ReadOptions): ReportModel {
  const row = id === undefined ? archive.lastRun() : archive.run(id);
  if (row === undefined) throw new UserError(`${archive.path}: no runs`, "search");
  const opener = new RunOpener(archive);
  const own = opener.open(row);
  const inProgress = archive.runInProgress;
  const rows = archive.runs();
  const near = rows.filter(({ name, id: other }) => name === row.name && other !== row.id);
  const chosen = new Set([row.id, ...near.slice(-RUNS).map((other) => other.id)].slice(0, RUNS));
  for (const other of rows.toReversed()) if (chosen.size < RUNS) chosen.add(other.id);
  const runs = rows.flatMap((other) => (chosen.has(other.id) ? (other.id === row.id ? own : opener.open(other)) : []));
  return {
    archive: {
      name: basename(archive.path),
      bytes: statSync(archive.path).size,
      runs: rows.length,
      candidates: archive.contexts().reduce((sum, context) => sum + archive.recorded(context.id), 0),
    },
    run: runView(own, inProgress),
    network: networkView(own),
    prices: priceLists(archive, own),
    race: raceOf(
      own,
      runs.filter(({ name }) => name === own.name),
    ),
    groups: groupsOf(own, runs, inProgress),
    moreRuns: rows.length - runs.length,
    devices: deviceFits(own),
    checked: checkedLayers(own, measure),
    population: populationView(own),
    comparison: comparisonOf(own),
  };
}
