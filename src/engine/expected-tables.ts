import { greatestOf } from "../base/extremes.ts";
import type { ExpectedTables } from "../score/expected/expected.ts";
import { TABLE_LENGTH } from "../score/expected/local-quantiser.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import type { GenomeMemory } from "./memory.ts";

/** Activation bits that a conv of the space can have, 0 left out. */
function activationBits({ blocks }: Space): number[] {
  const pairs = blocks.flatMap(({ bits }) => [...bits.pairs]);
  return [...new Set(pairs.map((pair) => pair >> 4))].filter((a) => a > 0);
}

const profileBytes = ({ options }: Space) => 8 * greatestOf(options.resolutions);

/** Memory that the expected score needs, bytes. */
export function expectedBytes(space: Space): number {
  return 8 * TABLE_LENGTH * activationBits(space).length + 2 * profileBytes(space) + 64;
}

/** Writes what the expected score is computed from, but for the stage weights, which all scores share. */
export function writeExpectedTables(memory: GenomeMemory, space: Space, tables: ExpectedTables): void {
  const { doubles } = memory;
  const { lnSigma, secondW, kurtosisW, kurtosisA, table } = tables;
  const byBits = (values: Float64Array, field: number) =>
    doubles.set(values.subarray(0, layout.BIT_WIDTHS), field >> 3);
  doubles[layout.EXPECTED_LN_SIGMA >> 3] = lnSigma;
  byBits(secondW, layout.EXPECTED_SECOND_W);
  byBits(kurtosisW, layout.EXPECTED_KURTOSIS_W);
  byBits(kurtosisA, layout.EXPECTED_KURTOSIS_A);
  for (const bits of activationBits(space)) {
    const address = memory.reserve(8 * TABLE_LENGTH);
    doubles.set(table(bits), address >> 3);
    memory.set(layout.EXPECTED_TABLES + 4 * bits, address);
  }
  memory.set(layout.EXPECTED_PROFILE, memory.reserve(profileBytes(space)));
  memory.set(layout.EXPECTED_TAPS, memory.reserve(profileBytes(space)));
}
