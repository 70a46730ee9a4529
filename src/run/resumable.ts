import type { Archive, RunRow } from "../archive/archive.ts";
import { UserError } from "../base/user-error.ts";
import type { Config } from "../config/config.ts";
import { parseStoredConfig } from "../config/stored-config.ts";

/**
 * The run that `resume` goes on with: the given one, else the last unfinished one, else (to extend it) the last one.
 * @throws UserError where there is none, where it has bred as many children already, or where their number is not a whole one
 */
export function resumableRun(archive: Archive, id: number | undefined, evaluations: number | undefined): RunRow {
  if (evaluations !== undefined && !Number.isSafeInteger(evaluations)) {
    throw new UserError(`evaluations: expected a whole number of children in all, got ${evaluations}; give one`);
  }
  const row = chosenRun(archive, id, evaluations);
  if (row.status === "pruned") {
    throw new UserError(
      `${archive.path}: run ${row.id} is finished and was pruned: what it has bred is no longer known, so that it cannot be extended`,
      "search",
    );
  }
  const bred = row.checkpoint?.counters.evaluations ?? 0;
  if (evaluations !== undefined && evaluations <= bred) {
    throw new UserError(
      `evaluations: run ${row.id} has bred ${bred} children already; give a larger total than ${evaluations}`,
    );
  }
  return row;
}

/** Every run is looked at: what goes on shares the candidates of all, so none may be damaged. */
function chosenRun(archive: Archive, id: number | undefined, evaluations: number | undefined): RunRow {
  let given: RunRow | undefined;
  let unfinished: RunRow | undefined;
  let last: RunRow | undefined;
  archive.eachRun((run) => {
    if (run.id === id) given = run;
    if (run.status === "running") unfinished = run;
    last = run;
  });
  if (id !== undefined) {
    const row = given ?? archive.run(id);
    if (row.status === "done" && evaluations === undefined) {
      throw new UserError(`${archive.path}: run ${id} is finished`, "extend");
    }
    return row;
  }
  const row = unfinished ?? (evaluations === undefined ? undefined : last);
  if (row === undefined) {
    throw new UserError(`${archive.path}: no unfinished run`, "extend", "search");
  }
  return row;
}

/** Its configuration; of a run that is extended it says to breed all that it is asked for. */
export function resumedConfig({ id, config }: Pick<RunRow, "id" | "config">, evaluations: number | undefined): Config {
  const parsed = parseStoredConfig(config, `run ${id}`);
  if (evaluations === undefined) return parsed;
  return { ...parsed, search: { ...parsed.search, evaluations, stopGap: "off" } };
}
