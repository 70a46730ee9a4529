import type { NetworkDescription } from "../formats/network-description.ts";
import type { IntegerConv, IntegerNetwork } from "../integer/integer-network.ts";
import { type PackedNetwork, packNetwork } from "./packing.ts";
import { type Place, type Plan, type PlanOptions, planOf, type Step } from "./plan.ts";

/** Bytes of a descriptor on a 32-bit machine: struct qes_conv, struct qes_classifier. */
const CONV_BYTES = 28;
const CLASSIFIER_BYTES = 16;

/** A network as C: docs/export.md. */
export interface CNetwork {
  readonly header: string;
  readonly source: string;
  readonly plan: Plan;
  /** Bytes of constant data on a 32-bit machine. */
  readonly flash: { readonly weights: number; readonly constants: number; readonly descriptors: number };
}

/** Text of a stranger inside a C comment or string. */
const plain = (text: string) =>
  text
    .replace(/[^\x20-\x7e]|["\\]/g, "?")
    .replace(/\*\//g, "* /")
    .replace(/\?\?/g, "? ?");

/** @throws UserError where the runtime has no kernel for a layer */
export function cNetwork(
  description: NetworkDescription,
  network: IntegerNetwork,
  options: PlanOptions = {},
): CNetwork {
  const plan = planOf(description, options);
  const packed = packNetwork(network);
  const convs = network.layers.flatMap((layer) => layer.convs);
  const flash = {
    weights: packed.weights.length,
    constants: 4 * packed.constants.length,
    descriptors: CONV_BYTES * convs.length + (network.classifier === undefined ? 0 : CLASSIFIER_BYTES),
  };
  return {
    header: headerText(network, plan, flash),
    source: sourceText(description, network, { plan, packed }),
    plan,
    flash,
  };
}

const outputType = ({ classes }: IntegerNetwork) => (classes > 0 ? "int32_t" : "uint8_t");

function headerText(network: IntegerNetwork, plan: Plan, flash: CNetwork["flash"]): string {
  const { name, digest, resolution, channels, classes, outputStep, layers } = network;
  const last = layers.at(-1)!.convs.at(-1)!.shape;
  const outputs = classes > 0 ? classes : last.outResolution ** 2 * last.outChannels;
  const what =
    classes > 0 ? "logits" : `values of shape (${last.outResolution}, ${last.outResolution}, ${last.outChannels})`;
  return `/* ${plain(name)}. Written by qe-search. */
#ifndef QES_NETWORK_H
#define QES_NETWORK_H

#include <stdint.h>

#define QES_DIGEST "${digest}"
#define QES_SIDE ${resolution}
#define QES_CHANNELS ${channels}
#define QES_INPUTS ${resolution * resolution * channels}
#define QES_OUTPUTS ${outputs}

/* Bytes of RAM, beside the stack and what the caller keeps. */
#define QES_ARENA ${plan.arena}
/* Bytes of constant data on a 32-bit machine, beside the code. */
#define QES_FLASH_WEIGHTS ${flash.weights}
#define QES_FLASH_CONSTANTS ${flash.constants}
#define QES_FLASH_DESCRIPTORS ${flash.descriptors}

/* One unit stands for ${outputStep.toPrecision(6)}. */
typedef ${outputType(network)} qes_output_t;

/* Where an image may be written to need no room of its own; it is gone after qes_run. */
uint8_t *qes_input(void);

/* Where outputs may be written to ${plan.outputsAt === undefined ? "(in memory of their own, since they are more than the arena)" : "need no room of their own"}; they are gone with the next image. */
qes_output_t *qes_outputs(void);

/* From an image, bytes of shape (${resolution}, ${resolution}, ${channels}), to ${what}. */
void qes_run(const uint8_t *input, qes_output_t *output);

#endif
`;
}

interface Parts {
  readonly plan: Plan;
  readonly packed: PackedNetwork;
}

function sourceText(description: NetworkDescription, network: IntegerNetwork, { plan, packed }: Parts): string {
  const { layers, classifier, classes } = network;
  const convs = layers.flatMap((layer) => layer.convs.map((conv) => ({ conv, held: layer.convs[0].shape.bitsA })));
  const classifierText =
    classifier === undefined
      ? ""
      : `
static const struct qes_classifier classifier = {
    weights + ${packed.weightsAt.at(-1)}, constants + ${packed.constantsAt.at(-1)}, ${classifier.channels}, ${classes}, ${classifier.requantiser.shift}, ${classifier.requantiser.biasShift},
};
`;
  const steps = plan.steps.map((step) => stepText(step, description, plan)).join("\n");
  return `/* ${plain(network.name)}, digest ${network.digest}. Written by qe-search. */
#include "network.h"
#include "qes_nn.h"

static const uint8_t weights[${packed.weights.length}] = {
${numbers(packed.weights, 32)}
};

/* Multiplier and bias of every output channel. */
static const int32_t constants[${packed.constants.length}] = {
${numbers(packed.constants, 12)}
};

/* weights, constants, held, in, out, in side, out side, kernel, stride, bits in, of weights, out, shift, bias shift, bits held */
static const struct qes_conv convs[] = {
${convs.map(({ conv, held }, i) => convText(conv, held, [packed.weightsAt[i], packed.constantsAt[i]])).join("\n")}
};
${classifierText}
static uint32_t arena[QES_ARENA / 4];

uint8_t *qes_input(void)
{
    return (uint8_t *)arena;
}

qes_output_t *qes_outputs(void)
{
${plan.outputsAt === undefined ? "    static qes_output_t outputs[QES_OUTPUTS];\n\n    return outputs;" : `    return (qes_output_t *)(void *)(arena + ${plan.outputsAt / 4});`}
}

void qes_run(const uint8_t *input, qes_output_t *output)
{
${steps.includes("bytes + ") ? "    uint8_t *const bytes = (uint8_t *)arena;\n\n" : ""}${steps}
}
`;
}

function numbers(values: Uint8Array | Int32Array, columns: number): string {
  const lines: string[] = [];
  for (let i = 0; i < values.length; i += columns) lines.push(`    ${values.subarray(i, i + columns).join(", ")},`);
  return lines.join("\n");
}

function convText({ shape, bitsOut, requantiser }: IntegerConv, bitsHeld: number, [w, c]: readonly number[]): string {
  const { inChannels, outChannels, inResolution, outResolution, kernel, stride, bitsA, bitsW } = shape;
  const { held, shift, biasShift } = requantiser;
  const values = [
    ...[`weights + ${w}`, `constants + ${c}`, held, inChannels, outChannels, inResolution, outResolution],
    ...[kernel, stride, bitsA, bitsW, bitsOut, shift, biasShift, bitsHeld],
  ];
  return `    {${values.join(", ")}},`;
}

function stepText(step: Step, { layers }: NetworkDescription, plan: Plan): string {
  const { kind, layer, conv, input, output, held, backward } = step;
  const { block, inner, convs } = layers[layer];
  const index = layers.slice(0, layer).reduce((sum, other) => sum + other.convs.length, conv);
  const { kernel, inChannels, outChannels, inResolution, depthwise } = convs[conv];
  const at = (place: Place | undefined) => (place === undefined ? "0" : `bytes + ${plan.offset(place)}`);
  const scratch = `arena + ${plan.scratchAt(step) / 4}`;
  const direction = backward ? "QES_BACKWARD" : "QES_FORWARD";
  const shape = depthwise ? `depthwise ${outChannels}` : `${inChannels}->${outChannels}`;
  const place = `block ${block} layer ${inner}: ${kernel}x${kernel} ${shape} at ${inResolution}x${inResolution}`;
  const image = layer === 0;
  const memory = `${step.low + step.high} bytes live, ${step.scratch} of scratch`;
  const call = {
    image: () => `qes_image_conv(&convs[${index}], input, ${at(output)}, ${scratch});`,
    conv: () => `qes_conv(&convs[${index}], ${at(input)}, ${at(output)}, ${scratch});`,
    add: () => `qes_conv_add(&convs[${index}], ${at(input)}, ${at(held)}, ${at(output)}, ${direction}, ${scratch});`,
    average: () =>
      `qes_conv_average(&convs[${index}], ${image ? "input" : at(input)}, ${at(held)}, ${image ? 1 : 0}, ${scratch});`,
    expand: () =>
      `qes_expand_depthwise(&convs[${index - 1}], &convs[${index}], ${at(input)}, ${at(output)}, ${step.together}, ${scratch});`,
    // In place it is the input's beginning that counts.
    depthwise: () => `qes_depthwise(&convs[${index}], ${at(input)}, ${direction}, ${scratch});`,
    // What the layer reads, whichever conv the first kernel ends with.
    pool: () =>
      `qes_pool(${at(input)}, ${convs[0].inResolution}, ${convs[0].inChannels}, ${convs[0].bitsA}, ${direction});`,
    classify: () => `qes_classify(&classifier, (const uint8_t *)(${scratch}), output);`,
    output: () => `qes_output(${at(input)}, ${convs[conv].outResolution}, ${outChannels}, output);`,
  }[kind]();
  const named = ["pool", "classify", "output"].includes(kind) ? kind : place;
  return `    /* ${named}; ${memory} */\n    ${call}`;
}
