import { greatestOf, leastOf } from "../../base/extremes.ts";
import { type CostName, costsOf } from "../../costs/cost-table.ts";
import { costs, emptyCosts } from "../../costs/costs.ts";
import { Network } from "../../network/network.ts";
import { decode, resolutionOf, structureOf } from "../../space/genome.ts";
import type { PopulationView } from "./model.ts";
import type { OpenRun } from "./open-run.ts";

/** Members that are drawn, and axes. */
const MEMBERS = 256;
const AXES = 12;

interface Column {
  readonly title: string;
  readonly unit: PopulationView["axes"][number]["unit"];
  readonly values: number[];
}

/** The networks that a run ended with; null where there are fewer than two. */
export function populationView({ problem, row }: OpenRun): PopulationView | null {
  const { checkpoint } = row;
  if (checkpoint === undefined || checkpoint.scores.length < 2) return null;
  const { space, classes, deployment } = problem;
  const columns = new Map<string, Column>();
  const put = (title: string, unit: Column["unit"], value: number) => {
    const column = columns.get(title) ?? { title, unit, values: [] };
    column.values.push(value);
    columns.set(title, column);
  };
  const rows = costsOf(deployment);
  const wanted: readonly CostName[] =
    deployment?.runtime === undefined ? ["flash", "sramLive"] : ["flashDeployed", "arena"];
  const network = new Network(space.convCapacity);
  const members = Math.min(MEMBERS, checkpoint.scores.length);
  for (let i = 0; i < members; i++) {
    const at = i * space.genomeLength;
    const structure = structureOf(space, checkpoint.genomes, at);
    put("resolution", "count", resolutionOf(space, checkpoint.genomes, at));
    const last = structure.length - 1;
    structure.forEach((block, b) => {
      put(b === 0 ? "stem" : b === last ? "head" : `width ${b}`, "count", block.out);
    });
    structure.forEach((block, b) => {
      if (typeof block.L === "number") put(`depth ${b}`, "count", block.L);
    });
    decode(space, checkpoint.genomes, at, network);
    put("mean bits A", "count", meanBits(network.bitsA, network.convs));
    put("mean bits W", "count", meanBits(network.bitsW, network.convs));
    const figures = costs(network, classes, emptyCosts(), deployment);
    for (const name of wanted) {
      const { title, unit } = rows.find((cost) => cost.name === name)!;
      put(title, unit, figures[name]!);
    }
    put("score", "score", checkpoint.scores[i]);
  }
  const spread = (column: Column) => greatestOf(column.values) > leastOf(column.values);
  const all = [...columns.values()];
  const varied = all.filter((column) => spread(column) || column.unit === "score");
  // The score comes last, whatever is left out.
  const shown = varied.length <= AXES ? varied : [...varied.slice(0, AXES - 1), varied[varied.length - 1]];
  return {
    axes: shown.map(({ title, unit, values }) => ({ title, unit, min: leastOf(values), max: greatestOf(values) })),
    members: Array.from({ length: members }, (_, i) => shown.map(({ values }) => values[i])),
    same: all
      .filter((column) => !spread(column))
      .map(({ title, unit, values }) => ({ title, unit, value: Number(values[0].toFixed(2)) })),
    size: checkpoint.scores.length,
  };
}

function meanBits(bits: Uint8Array, convs: number): number {
  let sum = 0;
  for (let conv = 0; conv < convs; conv++) sum += bits[conv];
  return sum / convs;
}
