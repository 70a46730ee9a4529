import { ln } from "../base/gaussian.ts";
import { deployedCosts } from "../costs/deployed-costs.ts";
import { operatorCosts } from "../costs/operator-costs.ts";
import { type Deployment, type RuntimeDeployment, withRuntime } from "../memory/runtime.ts";
import { storedBits } from "../memory/storage.ts";
import type { ConvTemplate } from "../network/families.ts";
import { shrunkKernel } from "../space/genome.ts";
import { RESOLUTION_UNIT, type Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import { logarithmBytes } from "./deepmad-tables.ts";
import { expectedBytes } from "./expected-tables.ts";
import type { MoreCosts } from "./figures.ts";
import { LayerRows } from "./layer-rows.ts";
import { GenomeMemory } from "./memory.ts";

/**
 * A space in the memory of a genome module of its own.
 * @param classes outputs of the classifier counted into flash; 0 for none
 * @param deployment of as many classes, or none
 * @param more the costs that the module does not compute
 * @param room bytes that are wanted besides the space
 * @throws Error where a family has more convs than a row of the module has room for
 */
export function compileSpace(
  space: Space,
  classes: number,
  deployment: Deployment | undefined,
  more: MoreCosts,
  room: number,
): GenomeMemory {
  const { blocks, options, expansions } = space;
  for (const { className, convs } of blocks.map(({ family }) => family)) {
    if (convs.length <= layout.MAIN_CONVS) continue;
    throw new Error(
      `genome engine: ${className} has ${convs.length} convs a layer, expected at most ${layout.MAIN_CONVS}; raise MAIN_CONVS in assembly/layout.ts`,
    );
  }
  const tables =
    blocks.length * (1024 + options.resolutions.length * options.kernels.length + 64) + expansions * 512 + 65536;
  const deployedRows = deployment === undefined ? 0 : layout.ROW_SLOTS * layout.DEPLOYED_BYTES;
  const rows = new LayerRows(space, deployment);
  const memory = new GenomeMemory(
    blocks.length,
    tables + expectedBytes(space) + logarithmBytes(space) + deployedRows + room,
    (...row) => rows.fill(...row),
    (genomes, at) => more.exceed(genomes, at),
  );
  writeSpace(memory, space, classes);
  if (deployment !== undefined) writeDeployment(memory, space, deployment);
  return memory;
}

function writeDeployment(memory: GenomeMemory, space: Space, deployment: Deployment): void {
  memory.set(layout.DEPLOYED_ROWS, memory.reserve(layout.ROW_SLOTS * layout.DEPLOYED_BYTES));
  const deployed = withRuntime(deployment);
  if (deployed !== undefined) writeRuntime(memory, space, deployed);
  for (const { name, weightFactors } of operatorCosts(deployment)) {
    const at = name === "latency" ? layout.LATENCY_FACTORS : layout.ENERGY_FACTORS;
    if (weightFactors !== undefined) memory.doubles.set(Array.from(weightFactors), at >> 3);
  }
}

function writeRuntime({ doubles, bytes }: GenomeMemory, space: Space, deployment: RuntimeDeployment): void {
  const { runtime, classes } = deployment;
  const [{ ofClassifier }] = deployedCosts(deployment);
  const step = space.options.widthStep;
  const none = ofClassifier?.(0, classes) ?? 0;
  doubles[layout.DEPLOYED_CLASSIFIER_CONSTANT >> 3] = none;
  doubles[layout.DEPLOYED_CLASSIFIER_PER_UNIT >> 3] = (ofClassifier?.(step, classes) ?? 0) - none;
  bytes.set(storedBits(runtime.activations).slice(0, layout.BIT_WIDTHS), layout.STORED_ACTIVATIONS);
  bytes.set(storedBits(runtime.weights).slice(0, layout.BIT_WIDTHS), layout.STORED_WEIGHTS);
}

function writeSpace(memory: GenomeMemory, space: Space, classes: number): void {
  const { doubles, bytes } = memory;
  const { options, blocks, expansions, btnUnits } = space;
  const { kernels, resolutions, widthStep } = options;
  memory.set(layout.GENOME_LENGTH, space.genomeLength);
  memory.set(layout.BLOCK_COUNT, blocks.length);
  memory.set(layout.RESOLUTION_COUNT, resolutions.length);
  memory.set(layout.KERNEL_COUNT, kernels.length);
  memory.set(layout.EXPANSIONS, expansions);
  memory.set(layout.INPUT_CHANNELS, space.inputChannels);
  memory.set(layout.CHANNELS_A_UNIT, widthStep);
  memory.set(layout.RESOLUTIONS, memory.numbers(resolutions));
  memory.set(layout.BTN_UNITS, memory.indices(btnUnits));
  memory.set(layout.STAGE_WEIGHTS, memory.reserve(8 * (blocks.length + 1)));
  doubles[layout.CLASSIFIER_CONSTANT >> 3] = classes;
  doubles[layout.CLASSIFIER_PER_UNIT >> 3] = classes * widthStep;
  if (resolutions.length > 1) {
    for (const [i, r] of resolutions.entries()) bytes[layout.RESOLUTION_INDICES + r / RESOLUTION_UNIT] = i;
  }
  for (let units = 1; units < 256; units++) doubles[(layout.LN_WIDTHS >> 3) + units] = ln(units * widthStep);
  for (const [b, block] of blocks.entries()) {
    const at = layout.BLOCKS + b * layout.BLOCK_BYTES;
    const { isSuper, convs } = block.family;
    memory.set(at + layout.BLOCK_OFFSET, block.offset);
    memory.set(at + layout.BLOCK_KERNEL, isSuper ? 0 : block.k);
    memory.set(at + layout.BLOCK_CONVS, convs.length);
    memory.set(at + layout.BLOCK_CONV_TEMPLATES, memory.table(convs.flatMap(templateBytes)));
    memory.set(at + layout.BLOCK_STRIDE, block.s);
    memory.set(at + layout.BLOCK_MIN_OUT, block.minOut / widthStep);
    memory.set(at + layout.BLOCK_MAX_OUT, block.maxOut / widthStep);
    memory.set(at + layout.BLOCK_MAX_DEPTH, block.maxDepth);
    memory.set(at + layout.BLOCK_BIT_PAIRS, block.bits.pairs.length);
    memory.set(at + layout.BLOCK_BIT_STEPS, memory.table(block.bits.next));
    const shrunk = resolutions.flatMap((r) => {
      const input = space.inputResolution(block, r);
      return kernels.map((kernel) => shrunkKernel(kernel, input));
    });
    memory.set(at + layout.BLOCK_KERNELS, memory.table(shrunk));
  }
}

const widths = ["in", "btn", "out"] as const;

function templateBytes({ kernel, depthwise, strided, from, to }: ConvTemplate): number[] {
  return [kernel === "k" ? 0 : kernel, Number(depthwise), Number(strided), widths.indexOf(from), widths.indexOf(to)];
}
