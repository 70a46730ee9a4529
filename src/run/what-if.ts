import { Worker } from "node:worker_threads";
import { compileInThreads } from "../base/background-compilation.ts";
import { builtFile } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { BoundNetwork } from "../bound/incumbents.ts";
import { boundProblem } from "../bound/problem.ts";
import type { Config } from "../config/config.ts";
import type { CostName } from "../costs/cost-table.ts";
import { openProblem } from "../problem/problem.ts";

/** What is asked of the thread: the optimum where some additive budgets have other values. */
export interface WhatIfQuestion {
  readonly id: number;
  readonly moved: Readonly<Partial<Record<CostName, number>>>;
}

/** What is known of the optimum there. */
export interface WhatIfAnswer {
  /** No network scores more. Null: nothing is proven, or there is no network. */
  readonly upper: number | null;
  /** Whether the network is the optimum, or there is none. */
  readonly proven: boolean;
  readonly network: Pick<BoundNetwork, "score" | "resolution" | "structure"> | null;
  readonly seconds: number;
}

/** What the thread says: what its configuration's own optimum scores, once; answers; or why there are none. */
export type Reply =
  | { readonly own: number | null }
  | (WhatIfAnswer & { readonly id: number })
  | { readonly reason: string };

/** Proves the optimum under moved budgets in a thread of its own, which keeps what is compiled: one question at a time, and the latest wins. */
export class WhatIf {
  readonly #worker: Worker;
  /** Score of the best network at the configuration's own budgets; undefined while it is not known. */
  own: number | null | undefined;
  #id = 0;
  #asked:
    | { readonly resolve: (answer: WhatIfAnswer | undefined) => void; readonly reject: (e: Error) => void }
    | undefined;
  #failed: Error | undefined;

  /** @throws UserError where the configuration has no bound */
  constructor(config: Config) {
    boundProblem(openProblem(config));
    compileInThreads();
    this.#worker = new Worker(builtFile("workers/what-if.cjs"), { workerData: { config } });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      if ("own" in reply) this.own = reply.own;
      else if ("reason" in reply) this.#fail(new UserError(reply.reason));
      else if (reply.id === this.#id) this.#settle(reply);
    });
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", () => this.#fail(new UserError("what if: its thread was ended")));
  }

  /**
   * @param moved additive budgets of the configuration, with other values
   * @returns undefined where another question came before the answer
   * @throws UserError why there is no answer
   */
  ask(moved: WhatIfQuestion["moved"]): Promise<WhatIfAnswer | undefined> {
    this.#settle(undefined);
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    const question: WhatIfQuestion = { id: ++this.#id, moved };
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#worker.postMessage(question);
    });
  }

  async close(): Promise<void> {
    this.#settle(undefined);
    await this.#worker.terminate();
  }

  #settle(answer: WhatIfAnswer | undefined): void {
    this.#asked?.resolve(answer);
    this.#asked = undefined;
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#asked?.reject(error);
    this.#asked = undefined;
  }
}
