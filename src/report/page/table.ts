import { type Child, el, type Html } from "./html.ts";

/** A table that is read sideways where the page is narrow; cells of figures stand to the right. */
export function dataTable(
  label: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
  figures: readonly number[] = [],
): Html {
  const align = (column: number) => (figures.includes(column) ? "n" : undefined);
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el(
      "table",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          head.map((text, column) => el("th", { scope: "col", class: align(column) }, text)),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            "tr",
            {},
            row.map((cell, column) => el("td", { class: align(column) }, cell)),
          ),
        ),
      ),
    ),
  );
}

/** A chart's figures, folded away. */
export function asTable(summary: string, table: Html): Html {
  return el("details", {}, el("summary", {}, summary), table);
}

/** One part of the page: its title says what was found. */
export function section(id: string, title: string, lead: Child, ...children: readonly Child[]): Html {
  return el(
    "section",
    { id, class: "card", "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title),
    lead === undefined ? undefined : el("p", { class: "lead" }, lead),
    children,
  );
}

/** A bar of how much of something is used. */
export function meter(share: number, label: string): Html {
  const used = Math.max(0, Math.min(1, share));
  return el(
    "svg",
    { class: "meter", width: "100%", height: 8, role: "img", "aria-label": label },
    el("rect", { class: "soft", width: "100%", height: 8, rx: 3 }),
    el("rect", { class: share > 1 ? "bad" : "a", width: `${Number((100 * used).toFixed(2))}%`, height: 8, rx: 3 }),
  );
}
