import type { Chain } from "./graph/chain.ts";
import { type BlockChoice, measurePath } from "./graph/path.ts";
import { ColumnGeneration, type PathFigures } from "./lagrange/column-generation.ts";

export type Path = readonly BlockChoice[];

/** Paths that are kept at most; the latest stay. */
const MOST = 200;

/** Paths of a space's chain, found under whatever limits. */
export class KnownPaths {
  #paths: Path[] = [];

  get isEmpty(): boolean {
    return this.#paths.length === 0;
  }

  add(path: Path): void {
    this.#paths.push(path);
  }

  figures(chain: Chain): PathFigures[] {
    return this.#paths.map((path) => measurePath(chain, path));
  }

  /** Those within the limits, best first. */
  within(chain: Chain): Path[] {
    const fitting = this.#paths.flatMap((path) => {
      const { value, costs } = measurePath(chain, path);
      return costs.every((cost, d) => cost <= chain.limits[d]) ? [{ path, value }] : [];
    });
    return fitting.sort((a, b) => b.value - a.value).map(({ path }) => path);
  }

  /** About what the chain's networks score at best; -Infinity where no path is known. */
  promise(chain: Chain): number {
    return this.isEmpty ? Number.NEGATIVE_INFINITY : new ColumnGeneration(chain, this.figures(chain)).least;
  }

  /** Forgets what is known twice, and what has been known for longest. */
  tidy(): void {
    const latest = new Map(this.#paths.toReversed().map((path) => [JSON.stringify(path), path]));
    this.#paths = [...latest.values()].slice(0, MOST).toReversed();
  }
}
