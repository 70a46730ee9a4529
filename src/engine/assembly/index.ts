import { exceeds } from "./budgets";
import { costs } from "./costs";
import { deepMadScore } from "./deepmad";
import { deployed } from "./deployed";
import { expectedScore } from "./expected";
import { DEPLOYED_FIGURES, FIGURES, GENOME_LENGTH } from "./layout";
import { score } from "./score";

export { breed, hashBred } from "./breeding";
export { settle } from "./fitting";
export { below, reset } from "./random";
export { exceeds };

/** How many figures the module computes for a genome. */
export function figures(): i32 {
  return FIGURES;
}

/** Scores of `count` genomes, doubles at `out`. */
export function scores(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), score(genomes + <usize>i * length));
}

/** Expected scores of `count` genomes, doubles at `out`. */
export function expectedScores(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), expectedScore(genomes + <usize>i * length));
}

/** DeepMAD's scores of `count` genomes, doubles at `out`. */
export function deepMadScores(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) store<f64>(out + ((<usize>i) << 3), deepMadScore(genomes + <usize>i * length));
}

/** Figures of `count` genomes, `stride` doubles from one genome's to the next at `out`. */
export function allCosts(genomes: usize, count: i32, out: usize, stride: i32): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) costs(genomes + <usize>i * length, out + ((<usize>(i * stride)) << 3));
}

/** What `count` genomes cost where they are deployed, `DEPLOYED_FIGURES` doubles each at `out`. */
export function deployedCosts(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) deployed(genomes + <usize>i * length, out + ((<usize>(DEPLOYED_FIGURES * i)) << 3));
}
