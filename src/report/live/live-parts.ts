import type { Problem } from "../../problem/problem.ts";
import { LiveReader } from "./live-reader.ts";
import { liveParts } from "./live-views.ts";

/** The parts of a live page as they are said: whole to who comes, and then what has changed. */
export class LiveParts {
  readonly #reader: LiveReader;
  readonly #said = new Map<string, string>();
  readonly #of = new Map<string, readonly unknown[]>();

  /** @throws UserError where there is no archive, or no such run */
  constructor(path: string, run?: number) {
    this.#reader = new LiveReader(path, run);
  }

  /** Every part by its id, as it was said last. */
  get all(): ReadonlyMap<string, string> {
    return this.#said;
  }

  /** The parts that are new since the last call, by their ids; undefined where there are none. */
  news(): Readonly<Record<string, string>> | undefined {
    const model = this.#reader.read();
    if (model === undefined) return undefined;
    const news = Object.entries(liveParts(model)).flatMap(([id, { of, make }]) => {
      const before = this.#of.get(id);
      if (before !== undefined && of.every((value, i) => value === before[i])) return [];
      this.#of.set(id, of);
      const { text } = make();
      return this.#said.get(id) === text ? [] : [[id, text] as const];
    });
    for (const [id, text] of news) this.#said.set(id, text);
    return news.length === 0 ? undefined : Object.fromEntries(news);
  }

  /** What the run that is shown asks for. */
  get problem(): Problem | undefined {
    return this.#reader.problem;
  }

  close(): void {
    this.#reader.close();
  }
}
