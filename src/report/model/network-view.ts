import { bitMoves } from "../../bits/rank.ts";
import { operatorFigure, operatorsOf } from "../../costs/operator-costs.ts";
import { type ConvFigures, layerTable } from "../../formats/layer-table.ts";
import { arenaSteps } from "../../memory/arena.ts";
import { withRuntime } from "../../memory/runtime.ts";
import { firstConv, type Network } from "../../network/network.ts";
import { networkOf, type Structure } from "../../network/structure.ts";
import type { OperatorFigures } from "../../operators/operator-figures.ts";
import type { Problem } from "../../problem/problem.ts";
import { AnalyticScore } from "../../score/analytic.ts";
import { resolutionOf, structureOf } from "../../space/genome.ts";
import type { ArenaView, BlockSpan, NetworkView, NextBit, OperatorView } from "./model.ts";
import { bestOf, type OpenRun } from "./open-run.ts";

/** Kinds of score that are the closed form or measure what it computes: its gains are theirs, or nearly. */
const ofEntropy: ReadonlySet<string> = new Set(["analytic", "expected", "forward"]);

/** The best network of a run; null where it has scored none. */
export function networkView(run: OpenRun): NetworkView | null {
  const { problem, row, costs } = run;
  const best = bestOf(run);
  if (best === null || row.checkpoint === undefined || costs === undefined) return null;
  const { space, config, classes } = problem;
  const structure = structureOf(space, row.checkpoint.genomes, 0);
  const resolution = resolutionOf(space, row.checkpoint.genomes, 0);
  const network = networkOf(structure, resolution);
  const score = closedForm(problem);
  const { convs, classifierFlash } = layerTable(network, { classes, score });
  return {
    score: best,
    resolution,
    convs,
    classifierFlash,
    classes,
    blocks: spansOf(convs, structure),
    scored: config.score.kind === "analytic",
    liveBudget: config.budgets.sramLive ?? null,
    arena: arenaView(problem, network),
    operators: operatorViews(problem, network),
    nextBits: ofEntropy.has(config.score.kind) ? nextBits(problem, network, convs, score) : [],
  };
}

function operatorViews({ deployment }: Problem, network: Network): OperatorView[] {
  const view = (title: OperatorView["title"], unit: OperatorView["unit"], figures: OperatorFigures | undefined) => {
    if (figures === undefined) return [];
    const operators = operatorsOf(figures);
    const values = Array.from({ length: network.layers }, (_, layer) =>
      Array.from({ length: network.layerEnd[layer] - firstConv(network, layer) }, (_, i) =>
        operatorFigure(operators, network, layer, firstConv(network, layer) + i),
      ),
    ).flat();
    return [{ title, unit, values }];
  };
  return [...view("latency", "ms", deployment?.latency), ...view("energy", "mJ", deployment?.energy)];
}

function arenaView({ config, deployment }: Problem, network: Network): ArenaView | null {
  const of = withRuntime(deployment);
  if (of === undefined) return null;
  const steps = arenaSteps(network, of).map(({ conv, input, output, held, scratch, bytes }) => ({
    conv,
    input,
    output,
    held,
    scratch,
    bytes,
  }));
  return { runtime: of.runtime.name, budget: config.budgets.arena ?? null, steps };
}

/** The closed form with a configuration's weights, whatever its kind of score. */
function closedForm({ config }: Problem): AnalyticScore {
  return new AnalyticScore(config.score);
}

/** Every block's convs, the stem and the head by their names. */
function spansOf(convs: readonly ConvFigures[], structure: Structure): BlockSpan[] {
  const last = structure.length - 1;
  return structure.map((_, block) => {
    const from = convs.findIndex((conv) => conv.block === block);
    const to = convs.findLastIndex((conv) => conv.block === block) + 1;
    const single = to - from === 1;
    const name = block === 0 && single ? "stem" : block === last && single ? "head" : `block ${block}`;
    return { name, from, to };
  });
}

/** Of every layer the step up that gains the most a BitOp. */
function nextBits(
  { space }: Problem,
  network: Network,
  convs: readonly ConvFigures[],
  score: AnalyticScore,
): NextBit[] {
  const pair = (bits: number) => `${bits >> 4}/${bits & 15}`;
  const moves = bitMoves(network, (layer) => space.blocks[network.block[layer]].bits, score);
  const ups = moves.filter(({ up, bitops, score: gain }) => up && bitops > 0 && gain > 0);
  return Array.from({ length: network.layers }, (_, layer) => {
    const own = ups.filter((move) => move.layer === layer);
    if (own.length === 0) return undefined;
    const best = own.reduce((a, b) => (b.score / b.bitops > a.score / a.bitops ? b : a));
    const from = convs.findIndex((conv) => conv.layer === layer);
    const to = convs.findLastIndex((conv) => conv.layer === layer) + 1;
    return { from, to, before: pair(best.from), after: pair(best.to), rate: best.score / best.bitops };
  }).filter((next) => next !== undefined);
}
