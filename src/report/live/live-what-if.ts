import { UserError } from "../../base/user-error.ts";
import type { CostName } from "../../costs/cost-table.ts";
import type { Problem } from "../../problem/problem.ts";
import { WhatIf } from "../../run/what-if.ts";
import { whatIfModel, whatIfView } from "../model/what-if.ts";
import { el } from "../page/html.ts";
import { whatIfAnswer } from "../views/what-if.ts";

/** Answers the sliders of a page: the thread of one problem at a time, which is there from the first question on. */
export class LiveWhatIf {
  #problem: string | undefined;
  #whatIf: WhatIf | undefined;

  /**
   * @param query budgets by name, all that have a slider
   * @returns part of a page; undefined where another question came before the answer; null where there is no such question
   */
  async answer(problem: Problem | undefined, query: URLSearchParams): Promise<string | undefined | null> {
    if (problem === undefined) return null;
    const model = whatIfModel(problem);
    const moved: Partial<Record<CostName, number>> = {};
    for (const { budget, values } of model.sliders) {
      const value = Number(query.get(budget));
      if (!values.includes(value)) return null;
      moved[budget] = value;
    }
    if (model.reason !== null || query.size !== model.sliders.length) return null;
    try {
      const whatIf = await this.#of(problem, model.problem);
      const answer = await whatIf.ask(moved);
      if (answer === undefined) return undefined;
      return whatIfAnswer(whatIfView(problem, moved, answer, whatIf.own ?? null)).text;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return el("p", { class: "quiet" }, `Not to be had: ${error.message}.`).text;
    }
  }

  /** Gives up what is compiled; the next question compiles again. */
  async close(): Promise<void> {
    const whatIf = this.#whatIf;
    this.#whatIf = undefined;
    await whatIf?.close();
  }

  async #of({ config }: Problem, name: string): Promise<WhatIf> {
    if (this.#problem !== name) await this.close();
    this.#problem = name;
    this.#whatIf ??= new WhatIf(config);
    return this.#whatIf;
  }
}
