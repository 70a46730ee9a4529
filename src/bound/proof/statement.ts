import { createHash } from "node:crypto";
import type { Budgets, SpaceDescription } from "../graph/space-description.ts";
import type { BoundProblem } from "../problem.ts";
import { Allowance, type CheckLimits } from "./allowance.ts";

/** Range of one block, for a person. */
export interface BlockStatement {
  readonly class: string;
  readonly stride: number;
  /** Least and greatest out channels. */
  readonly out: readonly [number, number];
  readonly kernels: readonly number[];
  readonly layers: number;
  /** "a/w" of every legal pair of bits; 0/0 is full precision. */
  readonly bits: readonly string[];
}

/** What a bound is about. The ranges are for a person, at the first resolution; the digests are over all that the bound depends on, one of each part. */
export interface Statement {
  readonly resolutions: readonly number[];
  readonly channels: number;
  readonly blocks: readonly BlockStatement[];
  readonly score: SpaceDescription["score"];
  readonly classes: number;
  readonly budgets: Budgets;
  /** Of the budgets of a deployment. */
  readonly runtime?: string;
  readonly digests: Readonly<Record<"space" | "score" | "budgets", string>>;
  /** Of the three. */
  readonly digest: string;
}

/**
 * States a problem: equal digests, equal problems.
 * @throws UserError where it takes more time than the limits allow
 */
export function statementOf({ spaces, budgets }: BoundProblem, limits: CheckLimits = {}): Statement {
  const [{ blocks, score, classes, inputChannels, runtime, latency, energy }] = spaces;
  const digests = {
    space: digestOf(spaceParts(spaces, new Allowance(limits))),
    score: digestOf([score.stageWeights, score.sigmaActivation, score.sigmaWeight, classes]),
    // What the budgets of a deployment are held against.
    budgets: digestOf([
      ...Object.entries(budgets).sort(([x], [y]) => (x < y ? -1 : 1)),
      ...(runtime === undefined ? [] : [runtime]),
      ...(latency === undefined ? [] : ["latency", latency]),
      ...(energy === undefined ? [] : ["energy", energy]),
    ]),
  };
  return {
    resolutions: spaces.map(({ resolution }) => resolution),
    channels: inputChannels,
    blocks: blocks.map(({ family, s, outs, kernels, maxDepth, pairs }) => ({
      class: family.className,
      stride: s,
      out: [outs[0], outs[outs.length - 1]],
      kernels,
      layers: maxDepth,
      bits: pairs.map(({ a, w }) => `${a}/${w}`),
    })),
    score: { stageWeights: score.stageWeights, sigmaActivation: score.sigmaActivation, sigmaWeight: score.sigmaWeight },
    classes,
    budgets,
    ...(runtime === undefined ? {} : { runtime: runtime.name }),
    digests,
    digest: digestOf(Object.values(digests)),
  };
}

/** The parts in which two problems differ. */
export function differingParts(x: Statement, y: Statement): string[] {
  return (["space", "score", "budgets"] as const).filter((part) => x.digests[part] !== y.digests[part]);
}

function* spaceParts(spaces: readonly SpaceDescription[], allowance: Allowance): Generator<unknown> {
  for (const { resolution, inputChannels, blocks } of spaces) {
    yield [resolution, inputChannels, blocks.length];
    for (const { family, s, outs, kernels, bottlenecks, maxDepth, pairs } of blocks) {
      const { className, convs, shortcut } = family;
      yield [className, convs, shortcut, s, outs, kernels, maxDepth, pairs.map(({ a, w }) => [a, w])];
      for (const out of outs) {
        allowance.step();
        yield bottlenecks(out);
      }
    }
  }
}

/** SHA-256 of the JSON of some values. */
function digestOf(values: Iterable<unknown>): string {
  const hash = createHash("sha256");
  for (const value of values) hash.update(`${JSON.stringify(value)}\n`);
  return hash.digest("hex");
}
