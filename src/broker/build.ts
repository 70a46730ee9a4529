import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { builtFile } from "../base/package-root.ts";
import { type Config, defaultScore, parseConfig, type ScoreConfig } from "../config/config.ts";
import { presetValue } from "../config/presets.ts";
import { sharedNoise } from "../kernel/noise.ts";
import { openProblem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { startGenome } from "../problem/start.ts";

/** The program that scores: what a thread loads. */
const PROGRAM = [
  "workers/score.cjs",
  "src/engine/genome.wasm",
  "src/kernel/simd.wasm",
  "src/kernel/simd-int8.wasm",
  "src/kernel/simd-relaxed.wasm",
];
/** Few and small: both sides compute them before anything else. The expected score without bits needs small tables. */
const PROBES = {
  "imagenet-mixed-7.0g": ["own", "simd", "float32"],
  "imagenet-fp-300m": ["own", "expected", "simd"],
} as const;

/**
 * What scores here, in a few letters: the program and the scores that it gives to a set of probes on this machine. Equal builds give equal scores;
 * those of another are never asked, be it another version or a machine that computes otherwise.
 */
export function scoringBuild(): string {
  const hash = createHash("sha256");
  for (const file of PROGRAM) hash.update(readFileSync(builtFile(file)));
  for (const [preset, probes] of Object.entries(PROBES)) {
    const config = parseConfig(presetValue(preset), preset);
    for (const probe of probes) hash.update(startScores({ ...config, score: scoreOf(probe, config.score) }));
  }
  return hash.digest("hex").slice(0, 12);
}

function scoreOf(probe: (typeof PROBES)[keyof typeof PROBES][number], own: ScoreConfig): ScoreConfig {
  const { stageWeights } = own;
  if (probe === "own") return own;
  if (probe === "expected") return { ...defaultScore("expected"), stageWeights };
  const measured = { ...defaultScore("forward"), stageWeights, kernel: probe };
  sharedNoise(measured.noiseSeed);
  return { ...measured, repeats: 1, resolution: 32, maxChannels: 8 };
}

function startScores(config: Config): Uint8Array {
  const problem = openProblem(config);
  const { scores } = createScorer(problem).score(startGenome(problem).genome);
  return new Uint8Array(scores.buffer);
}
