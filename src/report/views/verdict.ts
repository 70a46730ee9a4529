import type { BudgetUse, ReportModel, RunView } from "../model/model.ts";
import { count, figure, listed, percent, plural, score, seconds } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { meter } from "../page/table.ts";

/** From this gap on it is no praise to be within it. */
const FAR = 0.05;

/** What the run found, how good that can be at most, and how much of the budgets it takes. */
export function verdict({ run }: Pick<ReportModel, "run">): Html {
  const { name, id, seed, status, budgets, best } = run;
  const parts = [name, `run ${id}`, status === "bound" ? "" : `seed ${seed}`, status === "done" ? "" : statusText(run)];
  // Of a run without a network the budgets alone are known.
  const shown = budgets.filter(({ value, limit }) => value !== null || (best === null && limit !== null));
  return el(
    "div",
    { class: "verdict", id: "verdict" },
    el(
      "div",
      {},
      el("div", { class: "quiet" }, parts.filter((part) => part !== "").join(" · ")),
      headline(run),
      el("p", { class: "lead" }, lead(run)),
    ),
    el("dl", { class: "use" }, shown.map(useRow)),
  );
}

function statusText({ status }: RunView): string {
  return status === "bound" ? "of a bound, without breeding" : status;
}

function headline({ best, bound, status }: RunView): Html {
  if (best === null) return el("h1", {}, status === "running" ? "Nothing is scored yet" : "Nothing was scored");
  if (bound?.gap === 0) return el("h1", {}, `${score(best)}, `, el("em", {}, "proven optimal"));
  if (bound?.gap != null)
    return el(
      "h1",
      {},
      `${score(best)}, `,
      el("em", { class: bound.gap < FAR ? undefined : "far" }, `within ${percent(bound.gap)} of the optimum`),
    );
  return el("h1", {}, score(best));
}

function lead(run: RunView): string {
  const { best, bound, scoreKind, budgets } = run;
  const limited = budgets.filter(({ limit }) => limit !== null);
  const within = listed(
    limited.map(({ name, title, unit, limit }) =>
      name === "layers"
        ? plural(limit!, "layer")
        : title === "BitOps" || title === "MACs"
          ? `${figure(unit, limit!)} ${title}`
          : `${figure(unit, limit!)} of ${title.toLowerCase().replace("sram", "SRAM")}`,
    ),
  );
  const what =
    best === null
      ? ""
      : bound?.gap === 0
        ? `No network of this space${within === "" ? "" : ` within ${within}`} scores more. `
        : bound?.gap != null
          ? `No network of this space${within === "" ? "" : ` within ${within}`} scores more than ${score(bound.upper!)}. `
          : scoreKind !== "analytic"
            ? `The ${scoreKind} score has no bound, so how far it is from the optimum is not known. `
            : run.status === "running"
              ? "How far it is from the optimum is not known yet: a bound is kept when the search ends. "
              : "How far it is from the optimum is not known: no bound is kept in this archive. ";
  return what + bred(run);
}

function bred({ status, best, bound, evaluations, of, seconds: time }: RunView): string {
  if (status === "bound") return "Found by the bound itself.";
  if (evaluations === 0 && best === null)
    return `It ${status === "running" ? "has not bred" : "ended before it bred"} any of ${plural(of, "child", "children")}.`;
  const ended =
    status === "stopped"
      ? "The search stands still after"
      : status === "running"
        ? ""
        : bound?.gap === 0 && evaluations < of
          ? "The search ended at the optimum, after"
          : evaluations < of
            ? "The search ended after"
            : "";
  const children = `${count(evaluations)} of ${plural(of, "child", "children")}`;
  return ended === "" ? `${children} bred in ${seconds(time)}.` : `${ended} ${children} and ${seconds(time)}.`;
}

function useRow({ title, unit, value, limit }: BudgetUse): Html[] {
  const share = limit === null || value === null ? null : value / limit;
  return [
    el("dt", {}, title),
    el("dd", {}, el("b", {}, value === null ? "–" : figure(unit, value))),
    share === null
      ? el("dd", { class: "of" }, limit === null ? "no budget" : `budget ${figure(unit, limit)}`)
      : el("dd", {}, meter(share, `${title}: ${percent(share)} of the budget`)),
    el("dd", { class: "of share" }, share === null ? "" : `${percent(share)} of ${figure(unit, limit!)}`),
  ];
}
