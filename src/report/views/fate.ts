import type { ReportModel } from "../model/model.ts";
import { count, listed, metric, percent, plural } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { legend } from "../page/plot.ts";

/** What became of the children that were bred. */
export function fateBar({ run: { fate, seconds: time, evaluations } }: Pick<ReportModel, "run">): Html | undefined {
  const all = fate.scored + fate.reused + fate.duplicates + fate.overBudget + fate.failed;
  if (evaluations === 0 || all === 0) return undefined;
  const parts = (
    [
      ["a", "scored", fate.scored],
      ["q", "known from earlier runs", fate.reused],
      ["b2", "bred before", fate.duplicates],
      ["c", "over budget", fate.overBudget],
      ["bad", "failed", fate.failed],
    ] as const
  ).filter(([, , number]) => number > 0);
  let at = 0;
  const bars = parts.map(([kind, , number]) => {
    const bar = el("rect", {
      class: kind,
      x: `${Number(((100 * at) / all).toFixed(2))}%`,
      width: `${Number(((100 * number) / all).toFixed(2))}%`,
      height: 22,
    });
    at += number;
    return bar;
  });
  return el(
    "div",
    { class: "part" },
    el("h3", {}, `What became of ${plural(evaluations, "child", "children")}${startOf(all - evaluations)}`),
    el(
      "svg",
      {
        width: "100%",
        height: 22,
        role: "img",
        "aria-label": listed(parts.map(([, text, number]) => `${text} ${count(number)}`)),
      },
      bars,
    ),
    legend(
      ...parts.map(([kind, text, number]) => [kind, `${text} ${count(number)} (${percent(number / all)})`] as const),
    ),
    time > 0 ? el("p", { class: "quiet" }, `${metric(evaluations / time)} children a second on average.`) : undefined,
  );
}

/** The networks that a search starts from are scored and no children. */
function startOf(networks: number): string {
  if (networks <= 0) return "";
  return networks === 1 ? " and the start network" : ` and ${count(networks)} networks of the start`;
}
