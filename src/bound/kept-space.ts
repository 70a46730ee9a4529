import { greatestOf } from "../base/extremes.ts";
import type { SumName } from "../costs/cost-table.ts";
import type { OpenChain } from "./chain-bound.ts";
import {
  chainBytes,
  compiling,
  compilingTables,
  limitedTo,
  type SpaceChain,
  type SpaceTables,
} from "./graph/space-chain.ts";
import type { Budgets, SpaceDescription } from "./graph/space-description.ts";
import { KnownPaths } from "./known-paths.ts";
import { Relaxation } from "./lagrange/relaxation.ts";
import type { BoundProblem } from "./problem.ts";
import { SpaceTooLarge } from "./solve.ts";

interface Kept {
  readonly tables: SpaceTables;
  /** First layers that fit some network within the memory budgets, a list a block. */
  readonly shapes: readonly Int32Array[];
  /** The least that a network with each of them has of every additive cost: least[dimension][block]. */
  readonly least: readonly (readonly Float64Array[])[];
  /** The last, whose memory the next one takes. */
  relaxation: Relaxation;
}

/** What is kept of a space from one solution to the next. */
export class KeptSpace {
  /** Of its tables. */
  readonly bytes: number;
  readonly isKept: boolean;
  /** Those that solutions have found. */
  readonly paths = new KnownPaths();
  readonly #space: SpaceDescription;
  #kept: Kept | undefined;

  constructor(space: SpaceDescription, bytes: number, isKept: boolean) {
    this.#space = space;
    this.bytes = bytes;
    this.isKept = isKept;
  }

  /** One that is kept: itself, or where there is no room for it, for as long as the caller holds it, another. */
  hold(): KeptSpace {
    return this.isKept ? this : new KeptSpace(this.#space, this.bytes, true);
  }

  get isCompiled(): boolean {
    return this.#kept !== undefined;
  }

  *compile(budgets: Budgets): Generator<void, void> {
    if (this.#kept !== undefined) return;
    const tables = yield* compilingTables(this.#space, budgets);
    const relaxation = new Relaxation({ ...tables, limits: tables.greatest });
    const open = relaxation.blocks.map((block) => block.open);
    const all: Float64Array[][] = [];
    for (let d = 0; d < tables.dimensions.length; d++) all.push(yield* relaxation.leastCosts(d));
    const fits = all[0] ?? (yield* relaxation.leastCosts(-1));
    const within = <T extends Int32Array | Float64Array>(list: T, b: number) =>
      list.filter((_, j) => fits[b][j] < Number.POSITIVE_INFINITY) as T;
    this.#kept = { tables, relaxation, shapes: open.map(within), least: all.map((costs) => costs.map(within)) };
  }

  /** More of an additive cost than any of its networks has, where it is compiled for a budget of it. */
  greatest(cost: SumName): number {
    const { dimensions, greatest } = this.#kept!.tables;
    return greatest[dimensions.indexOf(cost)];
  }

  /**
   * Its chain under budgets, with what is kept.
   * @param cost an additive one that is a dimension of the chain even where no network can break its budget
   */
  *opening(budgets: Budgets, cost?: SumName): Generator<void, OpenChain<SpaceChain>> {
    if (!this.isKept) {
      const chain = yield* compiling(this.#space, budgets);
      return { chain, relaxation: new Relaxation(chain), fitted: false };
    }
    yield* this.compile(budgets);
    const kept = this.#kept!;
    const chain = limitedTo(kept.tables, budgets, cost);
    const costs = chain.dimensions.map((name) => kept.least[kept.tables.dimensions.indexOf(name)]);
    const open = kept.shapes.map((shapes, b) =>
      fitting(
        shapes,
        costs.map((blocks) => blocks[b]),
        chain.limits,
      ),
    );
    kept.relaxation = new Relaxation(chain, kept.relaxation, open);
    return { chain, relaxation: kept.relaxation, fitted: true };
  }
}

/**
 * The spaces of a problem, of which as many are kept as memory allows.
 * @param maxBytes that tables may take
 * @throws SpaceTooLarge before anything is allocated
 */
export function keptSpaces({ spaces, budgets }: BoundProblem, maxBytes: number): KeptSpace[] {
  const bytes = spaces.map((space) => chainBytes(space, budgets));
  const most = greatestOf(bytes);
  if (most > maxBytes) throw new SpaceTooLarge(most, maxBytes);
  const sum = bytes.reduce((x, y) => x + y, 0);
  let room = sum <= maxBytes ? sum : maxBytes - most;
  return spaces.map((space, i) => {
    const isKept = bytes[i] <= room;
    if (isKept) room -= bytes[i];
    return new KeptSpace(space, bytes[i], isKept);
  });
}

/** The shapes of which no least cost is above its limit. */
function fitting(shapes: Int32Array, least: readonly Float64Array[], limits: readonly number[]): Int32Array {
  const fit = new Int32Array(shapes.length);
  let count = 0;
  for (let j = 0; j < shapes.length; j++) {
    let fits = true;
    for (let d = 0; d < limits.length && fits; d++) fits = least[d][j] <= limits[d];
    if (fits) fit[count++] = shapes[j];
  }
  return fit.slice(0, count);
}
