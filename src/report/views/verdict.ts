import type { BudgetUse, ReportModel, RunView } from "../model/model.ts";
import { count, figure, percent, plural, score, seconds } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { meter } from "../page/table.ts";

/** What the run found, how good that can be at most, and how much of the budgets it takes. */
export function verdict({ run }: Pick<ReportModel, "run">): Html {
  return el(
    "div",
    { class: "verdict", id: "verdict" },
    el(
      "div",
      {},
      el(
        "div",
        { class: "quiet" },
        `${run.name} · run ${run.id} · seed ${run.seed}${run.status === "done" ? "" : ` · ${statusText(run)}`}`,
      ),
      headline(run),
      el("p", { class: "lead" }, lead(run)),
    ),
    el("dl", { class: "use" }, run.budgets.filter(({ value }) => value !== null).map(useRow)),
  );
}

function statusText({ status }: RunView): string {
  if (status === "bound") return "of a bound, without breeding";
  return status === "pruned" ? "pruned" : status;
}

function headline({ best, bound, status }: RunView): Html {
  if (best === null) return el("h1", {}, status === "running" ? "Nothing is scored yet" : "Nothing was scored");
  if (bound?.gap === 0) return el("h1", {}, `${score(best)}, `, el("em", {}, "proven optimal"));
  if (bound?.gap != null)
    return el("h1", {}, `${score(best)}, `, el("em", {}, `within ${percent(bound.gap)} of the optimum`));
  return el("h1", {}, score(best));
}

function lead(run: RunView): string {
  const { best, bound, evaluations, of, scoreKind, budgets } = run;
  const limited = budgets.filter(({ limit }) => limit !== null);
  const within = limited
    .map(({ name, title, unit, limit }) =>
      name === "layers"
        ? plural(limit!, "layer")
        : `${figure(unit, limit!)} of ${title === "BitOps" || title === "MACs" ? title : title.toLowerCase()}`,
    )
    .join(", ");
  const what =
    best === null
      ? ""
      : bound?.gap === 0
        ? `No network of this space${within === "" ? "" : ` within ${within}`} scores more. `
        : bound?.gap != null
          ? `No network of this space${within === "" ? "" : ` within ${within}`} scores more than ${score(bound.upper!)}. `
          : scoreKind === "analytic"
            ? "How far it is from the optimum is not known: no bound is kept in this archive. "
            : `The ${scoreKind} score has no bound, so how far it is from the optimum is not known. `;
  const bred =
    run.status === "bound"
      ? "Found by the bound itself."
      : `${count(evaluations)} of ${plural(of, "child", "children")} bred in ${seconds(run.seconds)}.`;
  return what + bred;
}

function useRow({ title, unit, value, limit }: BudgetUse): Html[] {
  const share = limit === null ? null : value! / limit;
  return [
    el("dt", {}, title),
    el("dd", {}, el("b", {}, figure(unit, value!))),
    el("dd", {}, share === null ? "" : meter(share, `${title}: ${percent(share)} of the budget`)),
    el("dd", { class: "of" }, share === null ? "no budget" : `${percent(share)} of ${figure(unit, limit!)}`),
  ];
}
