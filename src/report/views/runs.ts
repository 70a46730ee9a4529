import { greatestOf } from "../../base/extremes.ts";
import type { BudgetUse, ReportModel, RunGroup, RunLine } from "../model/model.ts";
import { count, figure, percent, plural, score, seconds } from "../page/figures.ts";
import { type Child, el, type Html } from "../page/html.ts";
import { BOX, path, stepPath } from "../page/plot.ts";
import { meter, section } from "../page/table.ts";
import { gapPoints } from "./race.ts";

const head = ["run", "seed", "gap by children", "best score", "proven within", "optimum after", "children", "time"];

/** Every run, by problem. */
export function runsView({ groups, moreRuns, archive }: ReportModel): Html {
  const optimal = groups.flatMap(({ runs }) => runs).filter(({ gap }) => gap === 0).length;
  const title =
    archive.runs === 1
      ? "One run in this archive"
      : `${count(archive.runs)} runs in this archive${optimal > 0 ? `, ${optimal} of them proven optimal` : ""}`;
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
            [...head, "budgets"].map((text, i) =>
              el("th", { scope: "col", class: i > 2 && i < 8 ? "n" : undefined }, text),
            ),
          ),
        ),
        groups.map(groupRows),
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

function groupRows(group: RunGroup): Html {
  const limits = group.limits.map(({ title, unit, value }) => `${title} ${figure(unit, value)}`).join(", ");
  return el(
    "tbody",
    {},
    el(
      "tr",
      { class: "group" },
      el(
        "th",
        { colspan: head.length + 1, scope: "rowgroup" },
        group.name,
        el("span", { class: "quiet" }, limits === "" ? " no budgets" : ` ${limits}`),
      ),
    ),
    group.runs.map((run) =>
      el(
        "tr",
        { class: run.own ? "own" : undefined },
        cellsOf(group, run).map((cell, i) => el("td", { class: i > 2 && i < 8 ? "n" : undefined }, cell)),
      ),
    ),
  );
}

function cellsOf(group: RunGroup, run: RunLine): Child[] {
  const state = run.status === "done" || run.status === "pruned" ? "" : ` ${run.status}`;
  return [
    `${run.run}${state}${run.operators === "published" ? " published" : ""}`,
    run.status === "bound" ? "–" : run.seed,
    spark(group, run),
    run.best === null ? "–" : score(run.best),
    run.gap === 0 ? el("span", { class: "pill" }, "optimal") : run.gap === null ? "–" : percent(run.gap),
    run.reached === null ? "–" : count(run.reached),
    count(run.evaluations),
    seconds(run.seconds),
    run.use.filter(({ limit, value }) => limit !== null && value !== null).map(used),
  ];
}

function used({ title, value, limit }: BudgetUse): Child[] {
  const share = value! / limit!;
  return [meter(share, `${title} ${percent(share)}`), ` ${title} ${percent(share)} `];
}

function spark({ runs }: RunGroup, { points, reference, run }: RunLine): Html | string {
  if (reference === null || points.length < 2) return "–";
  const most = Math.max(10, greatestOf(runs.map(({ evaluations }) => evaluations)));
  const line = gapPoints(points, reference, Math.max(1, most / 1e4), most);
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
