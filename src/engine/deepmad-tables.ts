import { greatestOf } from "../base/extremes.ts";
import type { DeepMadOptions } from "../score/deepmad.ts";
import { lnOf } from "../score/effectiveness.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import type { GenomeMemory } from "./memory.ts";

/** The greatest number whose logarithm is looked up: channels, a kernel, the convs of a network. */
function greatestNumber({ options, blocks, btnUnits, inputChannels, convCapacity }: Space): number {
  const widths = [greatestOf(btnUnits), ...blocks.map(({ maxOut }) => maxOut / options.widthStep)];
  const kernels = [...options.kernels, ...blocks.map(({ k }) => k)];
  return greatestOf([greatestOf(widths) * options.widthStep, inputChannels, greatestOf(kernels), convCapacity]);
}

/** Memory for the logarithms, bytes. */
export function logarithmBytes(space: Space): number {
  return 8 * (greatestNumber(space) + 1);
}

/** Writes the logarithms that effectiveness needs, once. */
export function writeLogarithms(memory: GenomeMemory, space: Space): void {
  if (memory.words[layout.LN_NUMBERS >> 2] !== 0) return;
  const most = greatestNumber(space);
  const address = memory.reserve(8 * (most + 1));
  for (let n = 1; n <= most; n++) memory.doubles[(address >> 3) + n] = lnOf(n);
  memory.set(layout.LN_NUMBERS, address);
}

/** Writes what DeepMAD's score is computed from, but for the stage weights, which all scores share. */
export function writeDeepMad(memory: GenomeMemory, space: Space, options: DeepMadOptions): void {
  const { alpha1, alpha2, depthPenalty, resolution = 0, like } = options;
  const { doubles } = memory;
  const { blocks } = space;
  writeLogarithms(memory, space);
  doubles[layout.DEEPMAD_HALF_ALPHA1 >> 3] = 0.5 * alpha1;
  doubles[layout.DEEPMAD_ALPHA2 >> 3] = alpha2;
  doubles[layout.DEEPMAD_PENALTY >> 3] = depthPenalty;
  memory.set(layout.DEEPMAD_RESOLUTION, resolution);
  const squeezed = like === "released" ? blocks.findIndex(({ family }) => family.squeezeExcite === true) : -1;
  memory.set(layout.DEEPMAD_FIRST_FLAT, squeezed < 0 ? blocks.length : squeezed);
  // Bottlenecks are dense and always have a shortcut.
  const bottlenecks = blocks.some(
    ({ family: { convs, shortcut } }) =>
      convs.length === 3 && shortcut === "projected" && convs.every(({ depthwise }) => !depthwise),
  );
  memory.set(layout.DEEPMAD_SPARED, bottlenecks ? 2 : 1);
}
