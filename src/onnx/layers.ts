import type { Shortcut } from "../network/shortcut.ts";
import type { Interpretation } from "./interpreter.ts";
import type { ConvUnit, Unit } from "./units.ts";

/** Units before an addition that are looked through for the place where its branches meet. */
const LONGEST_BRANCH = 24;

/** One conv, or the convs between the two ends of a shortcut. */
export interface ReadLayer {
  readonly convs: readonly ConvUnit[];
  readonly shortcut: keyof typeof Shortcut;
  readonly projection?: ConvUnit;
  /** In messages. */
  readonly label: string;
  /** Convs, or the addition, that no ReLU follows although one would here. */
  readonly linear: readonly string[];
}

/** What a graph is as a list of layers. */
interface ReadLayers {
  readonly layers: readonly ReadLayer[];
  /** Outputs of the classifier; 0 for none. */
  readonly classes: number;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Walks back from the output along the main path; what is beside it is a shortcut or a problem. */
export function layersOf({ output, units }: Interpretation): ReadLayers {
  const problems: string[] = [];
  const notes: string[] = [];
  const layers: ReadLayer[] = [];
  const seen = new Set<Unit>();
  let classes = 0;
  let at: Unit | undefined = output;
  if (at.kind === "linear") {
    classes = at.channels;
    seen.add(at);
    at = at.inputs[0];
  }
  if (at.kind === "average" || (classes > 0 && at.kind === "pool" && at.side === 1)) {
    if (classes === 0) problems.push(`${at.label}: a global average without a classifier behind it`);
    seen.add(at);
    at = at.inputs[0];
  }
  while (at !== undefined && at.kind !== "image") {
    seen.add(at);
    if (at.kind === "conv") {
      layers.push({ convs: [at.conv!], shortcut: "none", label: at.label, linear: at.relu ? [] : [at.label] });
    } else if (at.kind === "add") {
      const split = branchesOf(at);
      if (typeof split === "string") problems.push(`${at.label}: ${split}`);
      else {
        for (const unit of [...split.main, ...split.side]) seen.add(unit);
        layers.push(layerOf(at, split, notes));
        at = split.from;
        continue;
      }
    } else if (at.kind !== "other") problems.push(`${at.label}: ${betweenLayers[at.kind]}`);
    at = at.inputs[0];
  }
  for (const unit of units) {
    if (!seen.has(unit) && unit.kind !== "image" && unit.kind !== "other") {
      problems.push(`${unit.label}: is beside the path from the images to the output`);
    }
  }
  return { layers: layers.toReversed(), classes, problems, notes };
}

const betweenLayers = {
  pool: "an average pool between layers; here only shortcuts have one",
  average: "a global average between layers",
  linear: "a fully connected layer that is not the last; a classifier here has one",
  gate: "factors of a squeeze-excite that multiply nothing of theirs",
} as const;

interface Branches {
  readonly main: readonly Unit[];
  readonly side: readonly Unit[];
  readonly from: Unit;
}

/** The two ways from an addition back to where they meet; units in the order of the graph. */
function branchesOf({ inputs }: Unit): Branches | string {
  const [a, b] = inputs.map(chainOf);
  const i = a.findIndex((unit) => b.includes(unit));
  if (i < 0) return "adds values that do not come of one place by a chain of convs each";
  const j = b.indexOf(a[i]);
  const ways = [a.slice(0, i), b.slice(0, j)].map((way) => way.toReversed());
  const convs = (way: readonly Unit[]) => way.filter(({ kind }) => kind === "conv").length;
  const [main, side] = convs(ways[1]) > convs(ways[0]) ? ways.toReversed() : ways;
  if (main.length === 0 || main.some(({ kind }) => kind !== "conv")) return "its longer branch is no chain of convs";
  // One channel to one channel is depthwise and is not.
  const pointwise = ({ kernel, depthwise, inChannels }: ConvUnit) => kernel === 1 && !(depthwise && inChannels > 1);
  const kinds = side.map(({ kind, conv }) => (kind === "conv" && !pointwise(conv!) ? "a conv of another kind" : kind));
  if (!["", "pool", "conv", "pool,conv"].includes(kinds.join())) {
    return `its shorter branch is ${kinds.join(", ")}; a shortcut here is nothing, a 2x2 average, a 1x1 conv, or both`;
  }
  return { main, side, from: a[i] };
}

/** From a unit back, through convs and pools, to the first that is none. */
function chainOf(unit: Unit): Unit[] {
  const chain = [unit];
  for (let at = unit; chain.length < LONGEST_BRANCH && (at.kind === "conv" || at.kind === "pool"); ) {
    at = at.inputs[0];
    chain.push(at);
  }
  return chain;
}

function layerOf(add: Unit, { main, side }: Branches, notes: string[]): ReadLayer {
  const last = side.at(-1);
  const projection = last?.kind === "conv" ? last.conv! : undefined;
  if (projection?.stride === 2) {
    notes.push(`${last!.label}: a 1x1 conv of stride 2 is read as a 2x2 average and a 1x1 conv, of the same costs`);
  }
  const between = main.slice(0, -1).filter(({ relu }) => !relu);
  return {
    convs: main.map(({ conv }) => conv!),
    shortcut: projection !== undefined ? "projected" : side.length === 0 ? "identity" : "pooled",
    ...(projection && { projection }),
    label: `${add.label}, from ${main[0].label}`,
    linear: [...between, ...(add.relu ? [] : [add])].map(({ label }) => label),
  };
}
