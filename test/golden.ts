import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** One network with the figures of the released program. */
export interface GoldenCase {
  readonly name: string;
  readonly structure: unknown;
  readonly resolution: number;
  readonly stageWeights: readonly number[];
  readonly sigmaActivation: number;
  readonly sigmaWeight: number;
  /** Of `scoreKind`. */
  readonly score: number;
  readonly scoreKind: "madnas" | "deepmad";
  /** DeepMAD's effectiveness; null where it was not asked for. */
  readonly effectiveness: number | null;
  readonly stageScores: readonly number[] | undefined;
  /** 8-bit-equivalent MACs. */
  readonly flops: number;
  readonly flash: number;
  readonly layers: number;
  readonly sram: number | null;
  readonly sramList: readonly number[] | undefined;
}

export const goldenPath = (file: string): string =>
  fileURLToPath(new URL(`./fixtures/golden/${file}`, import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: records of another program
type Record = any;

function goldenCase(record: Record, name: string, resolution: number, settings: Record): GoldenCase {
  return {
    name,
    structure: record.structure,
    resolution,
    stageWeights: settings.multi_block_ratio,
    sigmaActivation: settings.init_std_act ?? 5,
    sigmaWeight: settings.init_std ?? 4,
    score: record.score,
    scoreKind: settings.type,
    effectiveness: record.efficient_score ?? null,
    stageScores: record.stage_scores,
    flops: record.flops,
    flash: record.model_size,
    layers: record.layers,
    sram: record.max_feature,
    sramList: record.feature_list,
  };
}

const read = (file: string): Record => JSON.parse(readFileSync(goldenPath(file), "utf8"));

/** Every case of two-dimensional networks. */
export function goldenCases(file: string): GoldenCase[] {
  const value = read(file);
  if (Array.isArray(value)) {
    return value
      .filter((r) => r.family !== "Cnn3DNet")
      .map((r, i) => goldenCase(r, r.model ?? `${file} ${i}`, r.resolution, r.score_settings));
  }
  return value.cases.map((r: Record, i: number) =>
    goldenCase(r, `${file} ${i}`, value.settings.image_size, value.settings.score),
  );
}

export const goldenFiles = [
  "quant-varied.json",
  "walk-quant-mixed-7g.json",
  "walk-MBV2.json",
  "walk-R50.json",
  "walk-detection-R50.json",
  "walk-damoyolo-k1kx-small.json",
  "walk-damoyolo-k1kx-tiny.json",
  "walk-damoyolo-kxkx-medium.json",
  "walk-deepmad-R18.json",
  "walk-deepmad-R34.json",
  "walk-deepmad-R50.json",
  "walk-deepmad-29M-224.json",
  "walk-deepmad-29M-288.json",
  "walk-deepmad-50M.json",
  "walk-deepmad-89M.json",
  "published-models.json",
] as const;
