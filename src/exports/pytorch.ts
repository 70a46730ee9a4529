import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { ConvDescription, LayerDescription, NetworkDescription } from "../formats/network-description.ts";

/** Bits that learned steps are offered for. */
const LEAST_BITS = 2;
const MOST_BITS = 8;

const template = (file: string) => readFileSync(join(packageRoot, "templates", "pytorch", file), "utf8");

/**
 * A folder that trains the network in PyTorch, by file name: plain code without a dependency on this program.
 * @throws UserError where a conv has bits that cannot be trained
 */
export function pytorchFiles(network: NetworkDescription): ReadonlyMap<string, string> {
  checkBits(network);
  return new Map([
    ["model.py", filled("model.py.in", network)],
    ["quant.py", template("quant.py")],
    ["train.py", template("train.py")],
    ["check.py", template("check.py")],
    ["whole.py", template("whole.py")],
    ["requirements.txt", template("requirements.txt")],
    ["README.md", filled("README.md.in", network)],
    ["network.json", `${JSON.stringify(network, null, 1)}\n`],
  ]);
}

function checkBits({ layers }: NetworkDescription): void {
  layers.forEach(({ convs, block, inner }) => {
    for (const { bitsA, bitsW } of convs) {
      const wrong = [bitsA, bitsW].find((bits) => bits !== 0 && (bits < LEAST_BITS || bits > MOST_BITS));
      if (wrong !== undefined) {
        throw new UserError(
          `pytorch: expected ${LEAST_BITS} to ${MOST_BITS} bits, got ${wrong} in block ${block} layer ${inner}; choose bits of that range`,
        );
      }
      if ((bitsA === 0) !== (bitsW === 0)) {
        throw new UserError(
          `pytorch: expected bits of activations and weights, or none, got ${bitsA} and ${bitsW} in block ${block} layer ${inner}`,
        );
      }
    }
  });
}

/** Text of a stranger inside a Python string or comment. */
const plain = (text: string) => text.replace(/[^\x20-\x7e]|["\\@]/g, "?");

/** The template with every `@KEY@` replaced. */
function filled(file: string, network: NetworkDescription): string {
  const values = valuesOf(network);
  return template(file).replace(/@([A-Z_]+)@/g, (_, key: keyof typeof values) => values[key]);
}

function valuesOf(network: NetworkDescription) {
  const { name, digest, layers, classes, channels, resolution, totals, outputShape } = network;
  const last = layers.at(-1)!.convs.findLast(({ projection }) => !projection)!;
  const bits = layers.flatMap(({ convs }) => convs.flatMap(({ bitsA, bitsW }) => [bitsA, bitsW])).filter((b) => b > 0);
  const rows = layers.flatMap((layer, i) => [
    ...(layer.inner === 0 ? [`            # block ${layer.block}: ${blockText(network, layer.block)}`] : []),
    `            ${layerText(layer, i === 0)},`,
  ]);
  const squeezed = squeezeWeights(network);
  return {
    NAME: plain(name),
    CONVS: String(totals.layers),
    WEIGHTS: String(totals.weights),
    SQUEEZED: squeezed > 0 ? ` and ${squeezed} of squeeze-excites` : "",
    NOT_WHOLE: squeezed > 0 ? "; not of this one, whose squeeze-excites have no whole numbers" : "",
    MACS: String(totals.macs),
    RESOLUTION: String(resolution),
    CHANNELS: String(channels),
    CLASSES: String(classes),
    DIGEST: digest,
    OUTPUT: classes > 0 ? "logits" : "the last layer's values",
    OUTPUT_SHAPE: outputShape.slice(1).join(", "),
    LAYERS: rows.join("\n"),
    CLASSIFIER:
      classes > 0
        ? `Classifier(${last.outChannels}, CLASSES, quantised=${bits.length > 0 ? "True" : "False"})`
        : "None",
    WARNING: bits.includes(LEAST_BITS)
      ? "\nSome layers have 2 bits. Training them is not solved: expect to lose several points of accuracy, and try more epochs.\n"
      : "",
  };
}

function squeezeWeights({ layers }: NetworkDescription): number {
  return layers.reduce((sum, { convs, squeeze = 0 }) => {
    const last = convs.findLast(({ projection }) => !projection)!;
    return sum + 2 * squeeze * last.inChannels;
  }, 0);
}

function blockText({ structure, layers }: NetworkDescription, block: number): string {
  const own = layers.filter((layer) => layer.block === block);
  const [first, last] = [own[0].convs[0], own.at(-1)!.convs.findLast(({ projection }) => !projection)!];
  return `${structure[block].class}, ${first.inChannels} channels of ${first.inResolution}x${first.inResolution} to ${last.outChannels} of ${last.outResolution}x${last.outResolution}`;
}

function layerText({ convs, shortcut, squeeze }: LayerDescription, image: boolean): string {
  const main = convs.filter(({ projection }) => !projection).map(convText);
  const projection = convs.find((conv) => conv.projection);
  const options = [
    ...(shortcut === "none" ? [] : [`shortcut="${shortcut}"`]),
    ...(projection === undefined ? [] : [`projection=${convText(projection)}`]),
    ...(squeeze === undefined ? [] : [`squeeze=${squeeze}`]),
    ...(image ? ["image=True"] : []),
  ];
  return `Layer(${[...main, ...options].join(", ")})`;
}

function convText({ inChannels, outChannels, kernel, stride, depthwise, bitsA, bitsW }: ConvDescription): string {
  const options = [
    ...(kernel === 1 ? [] : [`k=${kernel}`]),
    ...(stride === 1 ? [] : [`s=${stride}`]),
    ...(depthwise ? [`groups=${inChannels}`] : []),
    ...(bitsA === 0 ? [] : [`a=${bitsA}, w=${bitsW}`]),
  ];
  return `Conv(${[inChannels, outChannels, ...options].join(", ")})`;
}
