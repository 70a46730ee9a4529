import { costs, exceeds } from "./costs";
import { GENOME_LENGTH } from "./layout";
import { score } from "./score";

export { breed, settle } from "./breeding";
export { hash } from "./genome";
export { below, reset } from "./random";
export { exceeds };

/** Scores of `count` genomes, doubles at `out`. */
export function scores(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) store<f64>(out + (<usize>i << 3), score(genomes + <usize>i * length));
}

/** Costs of `count` genomes, six doubles each at `out`. */
export function allCosts(genomes: usize, count: i32, out: usize): void {
  const length = load<usize>(GENOME_LENGTH);
  for (let i = 0; i < count; i++) costs(genomes + <usize>i * length, out + <usize>i * 48);
}
