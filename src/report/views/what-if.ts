import type { BudgetSlider, WhatIfModel, WhatIfView } from "../model/what-if.ts";
import { figure, score, seconds } from "../page/figures.ts";
import { el, type Html } from "../page/html.ts";
import { section } from "../page/table.ts";
import { foundNetwork } from "./found-network.ts";

/** Sliders of the budgets that may be moved, and a place for the answer. */
export function whatIfSliders({ problem, sliders, reason }: WhatIfModel): Html {
  if (reason !== null) return section("what-if", "What if a budget were another?", `Not to be had: ${reason}.`);
  return section(
    "what-if",
    "What if a budget were another?",
    "The exact optimum at other budgets, proven here and now; the search itself stays as it is.",
    el(
      "div",
      { class: "two", "data-what-if": problem },
      el("div", {}, sliders.map(slider)),
      el("div", { id: "what-if-answer", role: "status" }, el("p", { class: "quiet" }, "Compiling the space, once")),
    ),
  );
}

function slider({ budget, title, unit, values, own }: BudgetSlider): Html {
  const id = `what-if-${budget}`;
  return el(
    "div",
    { class: "moved" },
    el("label", { for: id }, `budget of ${title}`, el("output", {}, figure(unit, values[own]))),
    el("input", {
      type: "range",
      id,
      min: 0,
      max: values.length - 1,
      value: own,
      autocomplete: "off",
      "aria-valuetext": figure(unit, values[own]),
      "data-budget": budget,
      "data-values": values.join(" "),
      "data-texts": values.map((value) => figure(unit, value)).join("|"),
    }),
  );
}

/** The optimum where the sliders are. */
export function whatIfAnswer(view: WhatIfView): Html {
  const { moved, own, upper, proven, network, seconds: time } = view;
  const where =
    moved.length === 0
      ? "at this run's own budgets"
      : `at ${moved.map(({ title, unit, value, limit }) => `${figure(unit, value)} of ${title} for ${figure(unit, limit)}`).join(", ")}`;
  const took = `, ${time < 0.1 ? "in less than 0.1 s" : `in ${seconds(time)}`}`;
  if (network === null) {
    const none = proven
      ? "No network is within these budgets, proven"
      : "No network was found in time; whether there is one is not known";
    return el("div", {}, el("p", { class: "big" }, "None"), el("p", { class: "quiet" }, `${none} ${where}${took}.`));
  }
  const difference = own === null || moved.length === 0 ? "" : `, ${signed(network.score - own)} to the optimum now`;
  return el(
    "div",
    {},
    el("p", { class: "big" }, score(network.score)),
    el(
      "p",
      { class: "quiet" },
      proven
        ? el("span", { class: "pill" }, "proven optimal")
        : el("span", { class: "pill no" }, upper === null ? "not proven" : `not proven: at most ${score(upper)}`),
      ` ${where}${difference}${took}`,
    ),
    foundNetwork(network),
  );
}

function signed(difference: number): string {
  return difference < 0 ? `${score(-difference)} less` : `${score(difference)} more`;
}
