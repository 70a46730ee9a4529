import { greatestOf } from "../../base/extremes.ts";
import type { BudgetUse, ReportModel, RunGroup, RunLine } from "../model/model.ts";
import { count, figure, percent, plural, score, seconds } from "../page/figures.ts";
import { type Child, el, type Html } from "../page/html.ts";
import { BOX, path, stepPath } from "../page/plot.ts";
import { meter, section } from "../page/table.ts";
import { gapPoints } from "./race.ts";

const head = ["run", "seed", "best score", "proven within", "gap by children", "optimum after", "children", "time"];

/** Every run, by problem. */
export function runsView({ groups, moreRuns, archive }: ReportModel): Html {
  const all = groups.flatMap(({ runs }) => runs);
  const optimal = all.filter(({ gap }) => gap === 0).length;
  const proven =
    optimal === 0 ? "" : optimal === archive.runs ? ", all proven optimal" : `, ${optimal} of them proven optimal`;
  const title = archive.runs === 1 ? "One run in this archive" : `${count(archive.runs)} runs in this archive${proven}`;
  const bred = all.filter(({ status }) => status !== "bound");
  // They are told where they tell runs apart.
  const withOperators = new Set(bred.map(({ operators }) => operators)).size > 1;
  const columns = [...head, ...(withOperators ? ["operators"] : []), "budgets used"];
  return section(
    "runs",
    title,
    "The line is the gap to the best that is proven or known, logarithmic on both axes.",
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Runs" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            columns.map((text, i) => el("th", { scope: "col", class: classOf(i) }, text)),
          ),
        ),
        groups.map((group) => groupRows(group, columns.length, withOperators)),
      ),
    ),
    moreRuns > 0
      ? el(
          "p",
          { class: "quiet" },
          `${plural(moreRuns, "earlier run")} of this archive ${moreRuns === 1 ? "is" : "are"} not listed.`,
        )
      : undefined,
  );
}

const classOf = (column: number) => (column > 1 && column !== 4 && column < head.length ? "n" : undefined);

function groupRows(group: RunGroup, columns: number, withOperators: boolean): Html {
  const limits = group.limits.map(({ title, unit, value }) => `${title} ${figure(unit, value)}`).join(", ");
  return el(
    "tbody",
    {},
    el(
      "tr",
      { class: "group" },
      el(
        "th",
        { colspan: columns, scope: "rowgroup" },
        el("div", {}, group.name, el("span", { class: "quiet" }, limits === "" ? " no budgets" : ` ${limits}`)),
      ),
    ),
    group.runs.map((run) =>
      el(
        "tr",
        { class: run.own ? "own" : undefined },
        cellsOf(group, run, withOperators).map((cell, i) => el("td", { class: classOf(i) }, cell)),
      ),
    ),
  );
}

function cellsOf(group: RunGroup, run: RunLine, withOperators: boolean): Child[] {
  const bound = run.status === "bound";
  const state = run.status === "done" || run.status === "pruned" ? "" : ` ${run.status}`;
  return [
    `${run.run}${state}`,
    bound ? "–" : run.seed,
    run.best === null ? "–" : score(run.best),
    run.gap === 0 ? el("span", { class: "pill" }, "optimal") : run.gap === null ? "–" : percent(run.gap),
    spark(group, run),
    run.reached === null || bound ? "–" : count(run.reached),
    bound ? "–" : count(run.evaluations),
    seconds(run.seconds),
    ...(withOperators ? [bound ? "–" : run.operators] : []),
    el("div", { class: "uses" }, run.use.filter(({ limit, value }) => limit !== null && value !== null).map(used)),
  ];
}

function used({ title, value, limit }: BudgetUse): Child {
  const share = value! / limit!;
  return el("span", {}, meter(share, `${title} ${percent(share)}`), `${title} ${percent(share)}`);
}

function spark({ runs }: RunGroup, { points, reference, run }: RunLine): Html | string {
  if (reference === null || points.length < 2) return "–";
  const most = Math.max(10, greatestOf(runs.map(({ evaluations }) => evaluations)));
  const line = gapPoints(points, reference, Math.max(1, most / 1e4), most);
  if (line.length < 2) return "–";
  return el(
    "svg",
    {
      class: "spark",
      height: 22,
      viewBox: `0 0 ${BOX} ${BOX}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `Gap of run ${run} by children`,
    },
    path(stepPath(line), "l-a"),
  );
}
