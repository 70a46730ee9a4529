import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/package-root.ts";
import { UserError } from "../base/user-error.ts";
import type { ConvDescription, LayerDescription, NetworkDescription } from "./network-description.ts";

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
    ["model.py", modelText(network)],
    ["quant.py", template("quant.py")],
    ["train.py", template("train.py")],
    ["check.py", template("check.py")],
    ["requirements.txt", template("requirements.txt")],
    ["README.md", readmeText(network)],
    ["network.json", `${JSON.stringify(network, null, 1)}\n`],
  ]);
}

function checkBits({ layers }: NetworkDescription): void {
  layers.forEach(({ convs, block, inner }) => {
    for (const { bitsA, bitsW } of convs) {
      const wrong = [bitsA, bitsW].find((bits) => bits !== 0 && (bits < LEAST_BITS || bits > MOST_BITS));
      if (wrong !== undefined) {
        throw new UserError(
          `pytorch: expected ${LEAST_BITS} to ${MOST_BITS} bits, got ${wrong} in block ${block} layer ${inner}; search with bits of that range`,
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
const plain = (text: string) => text.replace(/[^\x20-\x7e]|["\\]/g, "?");

function modelText(network: NetworkDescription): string {
  const { name, digest, layers, classes, channels, resolution, totals } = network;
  const last = layers.at(-1)!.convs.findLast(({ projection }) => !projection)!;
  const quantised = layers.some(({ convs }) => convs.some(({ bitsA }) => bitsA > 0));
  const rows = layers.flatMap((layer, i) => [
    ...(layer.inner === 0 ? [`            # block ${layer.block}: ${blockText(network, layer.block)}`] : []),
    `            ${layerText(layer, i === 0)},`,
  ]);
  return `"""${plain(name)}: ${totals.layers} convs, ${totals.weights} weights, ${totals.macs} MACs, found by qes. Written by qes export."""

${template("layers.py").trim()}


RESOLUTION = ${resolution}
CHANNELS = ${channels}
CLASSES = ${classes}


class Network(nn.Module):
    """Images of shape (N, ${channels}, ${resolution}, ${resolution}), 0 to 1, to ${classes > 0 ? "logits" : "the last layer's values"} of shape (N, ${network.outputShape.slice(1).join(", ")})."""

    digest = "${digest}"

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
${rows.join("\n")}
        )
        self.classifier = ${classes > 0 ? `Classifier(${last.outChannels}, CLASSES, quantised=${pythonBoolean(quantised)})` : "None"}

    def forward(self, x):
        x = self.layers(x)
        return self.classifier(x) if self.classifier else x

    def named_tensors(self):
        """Everything that was learned, under the names that qes reads."""
        for i, layer in enumerate(self.layers):
            yield from layer.named_tensors(f"L{i}")
        if self.classifier:
            yield from self.classifier.named_tensors()
`;
}

const pythonBoolean = (value: boolean) => (value ? "True" : "False");

function blockText({ structure, layers }: NetworkDescription, block: number): string {
  const own = layers.filter((layer) => layer.block === block);
  const [first, last] = [own[0].convs[0], own.at(-1)!.convs.findLast(({ projection }) => !projection)!];
  return `${structure[block].class}, ${first.inChannels} channels of ${first.inResolution}x${first.inResolution} to ${last.outChannels} of ${last.outResolution}x${last.outResolution}`;
}

function layerText({ convs, shortcut }: LayerDescription, image: boolean): string {
  const main = convs.filter(({ projection }) => !projection).map(convText);
  const projection = convs.find((conv) => conv.projection);
  const options = [
    ...(shortcut === "none" ? [] : [`shortcut="${shortcut}"`]),
    ...(projection === undefined ? [] : [`projection=${convText(projection)}`]),
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

function readmeText({ name, resolution, channels, classes, totals, layers }: NetworkDescription): string {
  const least = Math.min(...layers.flatMap(({ convs }) => convs.flatMap(({ bitsA, bitsW }) => [bitsA, bitsW])));
  const warning =
    least === LEAST_BITS
      ? "\nSome layers have 2 bits. Training them is not solved: expect to lose several points of accuracy, and try more epochs.\n"
      : "";
  return `# ${plain(name)}

A network that qes found, to be trained in PyTorch 1.13 or newer: ${resolution}x${resolution} images with ${channels} channels, ${classes} classes, ${totals.weights} weights, ${totals.macs} MACs.
${warning}
\`\`\`
pip install -r requirements.txt
python check.py                              # the module has the figures that qes states
python train.py --data fashion-mnist         # or a folder with train/ and val/, or an .npz file
\`\`\`

| file | is |
| --- | --- |
| \`model.py\` | the network |
| \`quant.py\` | learned step size quantisation |
| \`train.py\` | trains: \`--help\` shows the options; an interrupted training goes on by itself |
| \`network.json\` | every layer with its figures |

\`train.py\` writes \`trained.safetensors\`, which \`qes export --weights\` takes.
`;
}
