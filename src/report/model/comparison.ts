import { costsOf } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import type { Network } from "../../network/network.ts";
import { networkOf, type Structure } from "../../network/structure.ts";
import { resolutionOf, structureOf } from "../../space/genome.ts";
import type { ComparedNetwork, Comparison } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** The best network beside the proven optimum, or beside the second where it is that; null where there is no other. */
export function comparisonOf(run: OpenRun): Comparison | null {
  const { row, problem, bound } = run;
  const { checkpoint } = row;
  if (checkpoint === undefined || checkpoint.scores.length === 0) return null;
  const member = (i: number) => {
    const at = i * problem.space.genomeLength;
    const { genomes, scores } = checkpoint;
    return compared(run, structureOf(problem.space, genomes, at), resolutionOf(problem.space, genomes, at), scores[i]);
  };
  const best = member(0);
  const optimum = bound?.proven ? bound.network : null;
  if (optimum != null && optimum.score > best.score + 1e-9) {
    return {
      best,
      other: compared(run, optimum.structure, optimum.resolution, optimum.score),
      what: "the proven optimum",
    };
  }
  return checkpoint.scores.length < 2 ? null : { best, other: member(1), what: "the second best of the run" };
}

function compared({ problem }: OpenRun, structure: Structure, resolution: number, score: number): ComparedNetwork {
  const { classes, deployment } = problem;
  const network = networkOf(structure, resolution);
  const figures = costs(network, classes, emptyCosts(), deployment);
  const { convs } = network;
  return {
    score,
    resolution,
    costs: costsOf(deployment).flatMap(({ name, title, unit }) =>
      name === "sram" ? [] : [{ title, unit, value: figures[name]! }],
    ),
    widths: structure.map(({ out }) => out),
    depths: structure.flatMap(({ L }) => (typeof L === "number" ? [L] : [])),
    channels: [...network.outChannels.subarray(0, convs)],
    convs: signsOf(network),
  };
}

/** Of every conv what it is, its place in its block included. */
function signsOf(network: Network): string[] {
  const { outChannels, kernel, bitsA, bitsW } = network;
  const places = new Map<number, number>();
  return Array.from({ length: network.layers }, (_, layer) => layer).flatMap((layer) => {
    const from = layer === 0 ? 0 : network.layerEnd[layer - 1];
    const block = network.block[layer];
    return Array.from({ length: network.layerEnd[layer] - from }, (_, i) => {
      const place = places.get(block) ?? 0;
      places.set(block, place + 1);
      const conv = from + i;
      return [block, place, outChannels[conv], kernel[conv], bitsA[conv], bitsW[conv]].join(" ");
    });
  });
}
