import { at, chargedPair } from "./costs";
import { behind, blockAt, genesOf, outOf, resolutionOf } from "./genome";
import {
  ARENA_END_TERMS,
  ARENA_LIMIT,
  ARENA_MOST_TERMS,
  ARENA_TERMS,
  BLOCK_BYTES,
  BLOCK_COUNT,
  DEPLOYED_BYTES,
  DEPLOYED_CLASSIFIER_CONSTANT,
  DEPLOYED_CLASSIFIER_PER_UNIT,
  DEPLOYED_CONSTANT,
  DEPLOYED_ENERGY,
  DEPLOYED_ENERGY_BY_BITS,
  DEPLOYED_LATENCY,
  DEPLOYED_LATENCY_BY_BITS,
  DEPLOYED_PER_WEIGHT_BIT,
  DEPLOYED_REST,
  DEPLOYED_ROWS,
  ENERGY_FACTORS,
  ENERGY_LIMIT,
  FLASH_DEPLOYED_LIMIT,
  FULL_PRECISION_PAIR,
  LATENCY_FACTORS,
  LATENCY_LIMIT,
  ROW_BYTES,
  ROWS,
  STORED_ACTIVATIONS,
  STORED_WEIGHTS,
} from "./layout";
import { bitsOf, depthOf, rowOfBlock } from "./rows";

/** Whether a cost of a deployment has a budget. */
// @ts-ignore: decorator
@inline
export function budgetsDeployment(): bool {
  return (
    load<f64>(ARENA_LIMIT) != Infinity ||
    load<f64>(FLASH_DEPLOYED_LIMIT) != Infinity ||
    load<f64>(LATENCY_LIMIT) != Infinity ||
    load<f64>(ENERGY_LIMIT) != Infinity
  );
}

/** Whether figures of a deployment are over a budget. */
export function exceedsDeployed(figures: usize): bool {
  return (
    load<f64>(figures) > load<f64>(FLASH_DEPLOYED_LIMIT) ||
    load<f64>(figures, 8) > load<f64>(ARENA_LIMIT) ||
    load<f64>(figures, 16) > load<f64>(LATENCY_LIMIT) ||
    load<f64>(figures, 24) > load<f64>(ENERGY_LIMIT)
  );
}

/** What a genome costs where it is deployed, `DEPLOYED_FIGURES` doubles at `out`: flash, arena, latency and energy, 0 where they are not known. */
export function deployed(genome: usize, out: usize): void {
  const count = load<i32>(BLOCK_COUNT);
  let flash: f64 = 0;
  let arena: f64 = 0;
  let latency: f64 = 0;
  let energy: f64 = 0;
  // The layer in hand waits for the next one's bits: its moments, and its own bits.
  let pending: usize = 0;
  let a: f64 = 0;
  let resolution = resolutionOf(genome);
  let inUnits = 0;
  let block = blockAt(0);
  for (let b = 0; b < count; b++, block += BLOCK_BYTES) {
    const genes = genesOf(block, genome);
    const outUnits = outOf(block, genome);
    const depth = depthOf(block, genes);
    const bits = bitsOf(block, genes);
    let row = deployedRowOf(rowOfBlock(b, block, genes, inUnits, outUnits, resolution));
    for (let layer = 0; layer < depth; layer++) {
      const pair = chargedPair(bits + layer);
      const stored = <f64>load<u8>(<usize>STORED_ACTIVATIONS + (pair >> 4));
      flash += at(row, DEPLOYED_PER_WEIGHT_BIT) * <f64>load<u8>(<usize>STORED_WEIGHTS + (pair & 15));
      flash += at(row, DEPLOYED_CONSTANT);
      const factor = (<usize>(pair & 15)) << 3;
      latency += at(row, DEPLOYED_LATENCY) + at(row, DEPLOYED_LATENCY_BY_BITS) * load<f64>(LATENCY_FACTORS + factor);
      energy += at(row, DEPLOYED_ENERGY) + at(row, DEPLOYED_ENERGY_BY_BITS) * load<f64>(ENERGY_FACTORS + factor);
      if (pending != 0) arena = max<f64>(arena, greatest(pending + (ARENA_TERMS << 3), a, stored));
      a = stored;
      pending = row;
      if (layer == 0) row += DEPLOYED_REST << 3;
    }
    inUnits = outUnits;
    resolution = behind(block, resolution);
  }
  const end = <f64>load<u8>(<usize>STORED_ACTIVATIONS + (FULL_PRECISION_PAIR & 15));
  arena = max<f64>(arena, greatest(pending + (ARENA_END_TERMS << 3), a, end));
  store<f64>(
    out,
    flash + load<f64>(DEPLOYED_CLASSIFIER_CONSTANT) + load<f64>(DEPLOYED_CLASSIFIER_PER_UNIT) * <f64>inUnits,
  );
  store<f64>(out + 8, arena);
  store<f64>(out + 16, latency);
  store<f64>(out + 24, energy);
}

// @ts-ignore: decorator
@inline
function greatest(terms: usize, a: f64, n: f64): f64 {
  let most: f64 = 0;
  for (let i = 0; i < ARENA_MOST_TERMS; i++, terms += 24) {
    most = max<f64>(most, load<f64>(terms) * a + load<f64>(terms, 8) * n + load<f64>(terms, 16));
  }
  return most;
}

/** Address of the row of a deployment that belongs to a row. */
// @ts-ignore: decorator
@inline
function deployedRowOf(row: usize): usize {
  return load<usize>(DEPLOYED_ROWS) + (row - <usize>ROWS) * (DEPLOYED_BYTES / ROW_BYTES);
}
