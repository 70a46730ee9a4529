import type { ReportModel } from "./model/model.ts";
import { page } from "./page/document.ts";
import { bytes, plural } from "./page/figures.ts";
import { el, type Html } from "./page/html.ts";
import { checkedView } from "./views/checked.ts";
import { comparisonView } from "./views/comparison.ts";
import { devicesView } from "./views/devices.ts";
import { networkStrips } from "./views/network.ts";
import { populationLines } from "./views/population.ts";
import { priceViews } from "./views/prices.ts";
import { raceView } from "./views/race.ts";
import { runsView } from "./views/runs.ts";
import { verdict } from "./views/verdict.ts";

/** A whole page of what an archive knows of a run: one file that loads nothing. The same model gives the same bytes. */
export function reportPage(model: ReportModel): string {
  const { run, archive } = model;
  const views: readonly (readonly [name: string, view: Html | undefined])[] = [
    ["Network", networkStrips(model)],
    ...priceViews(model).map((view, i) => [i === 0 ? "What if" : "", view] as const),
    ["Search", raceView(model)],
    ["Runs", runsView(model)],
    ["Devices", devicesView(model)],
    ["Expected", checkedView(model)],
    ["Population", populationLines(model)],
    ["Compared", comparisonView(model)],
  ];
  const shown = views.flatMap(([name, view]) =>
    view === undefined ? [] : [{ name, view, id: / id="([^"]+)"/.exec(view.text)![1] }],
  );
  return page(`${run.name} · run ${run.id}`, [
    top(archive.name, shown),
    el(
      "main",
      {},
      verdict(model),
      shown.map(({ view }) => view),
    ),
    el(
      "footer",
      {},
      `${plural(archive.candidates, "candidate")} in ${plural(archive.runs, "run")}, ${bytes(archive.bytes)}; run ${run.id} started ${run.started}`,
      run.digest === null ? "" : `, digest ${run.digest.slice(0, 12)}`,
      run.status === "bound" ? "" : `. ${plural(run.evaluations, "child", "children")}, seed ${run.seed}`,
      ". This file loads nothing from anywhere.",
    ),
  ]);
}

function top(name: string, views: readonly { readonly name: string; readonly id: string }[]): Html {
  return el(
    "header",
    { class: "top" },
    el("b", {}, name),
    el(
      "nav",
      { "aria-label": "Parts of this page" },
      views.filter((view) => view.name !== "").map((view) => el("a", { href: `#${view.id}` }, view.name)),
    ),
    el("label", { class: "theme" }, el("input", { type: "checkbox", id: "theme" }), "Dark or light"),
  );
}
