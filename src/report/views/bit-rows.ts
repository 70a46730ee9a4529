import { greatestOf, leastOf } from "../../base/extremes.ts";
import type { ConvFigures } from "../../formats/layer-table.ts";
import type { NetworkView } from "../model/model.ts";
import { type Child, el } from "../page/html.ts";
import { barsPath, path } from "../page/plot.ts";

/** Bits of activations above those of weights, the more the darker, with their figures where there is room. */
export function bitRows({ convs }: NetworkView, at: number): Child[] {
  const n = convs.length;
  const all = convs.flatMap(({ bitsA, bitsW }) => [bitsA, bitsW]);
  const [least, greatest] = [leastOf(all), greatestOf(all)];
  const range =
    greatest === 0
      ? "full precision"
      : least === greatest
        ? `all ${least}`
        : `${least === 0 ? "full precision (f)" : least} to ${greatest}, stronger is more`;
  const most = greatestOf(convs.flatMap(({ bitsA, bitsW }) => [bitsA || 8, bitsW || 8]));
  const kind = (bits: number) => {
    const share = (bits || 8) / most;
    return share > 0.85 ? "a" : share > 0.55 ? "b3" : "b1";
  };
  const texts = n <= 72;
  const strip = (of: (conv: ConvFigures) => number) => [
    ["a", "b3", "b1"].map((name) =>
      el(
        "svg",
        { width: "100%", height: 22, viewBox: `0 0 ${n} 100`, preserveAspectRatio: "none" },
        path(barsPath(convs.flatMap((conv, i) => (kind(of(conv)) === name ? [[i, 0.06, 0.94] as const] : []))), name),
      ),
    ),
    texts
      ? convs.map((conv, i) =>
          el(
            "text",
            { class: kind(of(conv)) === "a" ? "m w" : "m", x: `${Number((((i + 0.5) / n) * 100).toFixed(2))}%`, y: 16 },
            of(conv) || "f",
          ),
        )
      : undefined,
  ];
  return [
    el(
      "div",
      { class: "label" },
      el("h3", {}, "Bits"),
      el(
        "p",
        {},
        "activation, weight",
        el("span", { class: greatest > 0 && texts ? "narrow" : undefined }, `: ${range}`),
      ),
    ),
    el(
      "div",
      { class: "strip" },
      el(
        "svg",
        { class: "bits", width: "100%", height: 46, role: "img", "aria-label": "Bits of activations and of weights" },
        el(
          "g",
          {},
          strip(({ bitsA }) => bitsA),
        ),
        el(
          "svg",
          { y: 24, width: "100%", height: 22 },
          strip(({ bitsW }) => bitsW),
        ),
        el(
          "svg",
          { width: "100%", height: 46, viewBox: `0 0 ${n} 100`, preserveAspectRatio: "none" },
          el("rect", { class: "cross", x: at, y: 0, width: 1, height: 100 }),
        ),
      ),
    ),
  ];
}
