import { UserError } from "../base/user-error.ts";
import { networkOf, parseStructure, type Structure } from "../network/structure.ts";
import { checkedGraph } from "./checked-graph.ts";
import { METADATA_KEY } from "./forms.ts";
import { interpret } from "./interpreter.ts";
import { layersOf } from "./layers.ts";
import { readModel } from "./model.ts";
import { structureOfLayers } from "./structure-of-layers.ts";

/** Problems that a message lists. */
const MOST_LISTED = 30;

/** A network that was read from a model of another tool. */
export interface ImportedNetwork {
  readonly structure: Structure;
  readonly resolution: number;
  /** Outputs of the classifier; 0 for none. */
  readonly classes: number;
  /** What was read otherwise than it stands there. */
  readonly notes: readonly string[];
}

interface ImportOptions {
  /** Names the model in messages. */
  readonly where: string;
  /** Of images whose side the model leaves open. */
  readonly resolution?: number | undefined;
}

/**
 * Reads a convnet from the bytes of a .onnx file.
 * @throws UserError where they are none, or where nodes have no counterpart here, each of which is named
 */
export function importOnnx(bytes: Uint8Array, { where, resolution: given }: ImportOptions): ImportedNetwork {
  try {
    return imported(bytes, given);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${where}: ${error.message}`, ...error.remedies);
  }
}

function imported(bytes: Uint8Array, given: number | undefined): ImportedNetwork {
  const model = readModel(bytes);
  const interpretation = interpret(checkedGraph(model), given);
  const { layers, classes, problems: ofLayers, notes } = layersOf(interpretation);
  const { structure: blocks, problems: ofBlocks } = structureOfLayers(layers);
  const problems = [...interpretation.problems, ...ofLayers, ...ofBlocks];
  if (problems.length > 0) throw new UserError(listOf(problems));
  const structure = parseStructure(blocks, "network");
  const linear = layers.flatMap((layer) => layer.linear);
  const { resolution } = interpretation;
  const said = saidBy(model.metadataProps?.find(({ key }) => key === METADATA_KEY)?.value);
  const sameAsSaid = said !== undefined && isSame(said, { structure, resolution, classes });
  const guessed = layers.filter(({ convs }) => convs.some((conv) => conv.guessed)).length;
  return {
    structure: sameAsSaid ? said.structure : structure,
    resolution,
    classes,
    notes: [
      ...notes,
      ...(linear.length > 0 ? [`read with a ReLU that is not there behind ${listed(linear)}`] : []),
      ...(said !== undefined && !sameAsSaid
        ? ["its metadata describe a network of other shapes or bits than its nodes have; the nodes were read"]
        : []),
      ...(guessed > 0 && !sameAsSaid
        ? [
            `weights of ${guessed} layers are whole numbers without a bit-width: their bits are the least that hold them`,
          ]
        : []),
    ],
  };
}

const listed = (names: readonly string[]) =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");

function listOf(problems: readonly string[]): string {
  const more = problems.length - MOST_LISTED;
  const lines = [...problems.slice(0, MOST_LISTED), ...(more > 0 ? [`and ${more} more`] : [])];
  const count = problems.length === 1 ? "one place" : `${problems.length} places`;
  return `expected a network of the families that are known here, got another in ${count}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

type Said = Omit<ImportedNetwork, "notes">;

/** The network that a model's metadata describe, if they do. */
function saidBy(text: string | undefined): Said | undefined {
  if (text === undefined) return undefined;
  try {
    const { structure, resolution, classes } = JSON.parse(text);
    if (!Number.isInteger(resolution) || !Number.isInteger(classes)) return undefined;
    return { structure: parseStructure(structure, "metadata"), resolution, classes };
  } catch {
    return undefined;
  }
}

/** Whether a description is of the network that was read: conv by conv the same, but that weights may have more bits than their values need. */
function isSame(said: Said, read: Said): boolean {
  if (said.resolution !== read.resolution || said.classes !== read.classes) return false;
  const [a, b] = [said, read].map(({ structure }) => networkOf(structure, read.resolution));
  if (a.convs !== b.convs || a.layers !== b.layers) return false;
  const ofConvs = ["inChannels", "outChannels", "kernel", "stride", "projection", "bitsA"] as const;
  const ofLayers = ["layerEnd", "shortcut", "squeeze"] as const;
  const bits = a.bitsW.subarray(0, a.convs);
  return (
    ofConvs.every((name) => a[name].subarray(0, a.convs).every((x, i) => x === b[name][i])) &&
    ofLayers.every((name) => a[name].subarray(0, a.layers).every((x, i) => x === b[name][i])) &&
    bits.every((x, i) => x >= b.bitsW[i] && x > 0 === b.bitsW[i] > 0)
  );
}
