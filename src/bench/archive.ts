import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Archive } from "../archive/archive.ts";
import { median } from "../base/median.ts";
import type { Config } from "../config/config.ts";
import { openProblem } from "../problem/problem.ts";
import { createScorer } from "../problem/scorer.ts";
import { commitInGenerations, runLoop } from "./search.ts";

export interface ArchiveBench {
  readonly rows: number;
  /** Rows a second, medians, by candidates in a transaction. */
  readonly commits: readonly { readonly transaction: number; readonly rowsPerSecond: number }[];
  /** Rows a second of reading a context back, as a resume does. */
  readonly loadRowsPerSecond: number;
  readonly bytesPerCandidate: number;
}

/** Measures the archive with the genomes of a configuration's search. */
export function benchArchive(
  config: Config,
  options: { readonly rows: number; readonly rounds: number },
): ArchiveBench {
  const { rows, rounds } = options;
  const problem = openProblem(config);
  const { space, scoringContext } = problem;
  const { population } = runLoop({ ...config, search: { ...config.search, evaluations: 20_000 } }, config.search.seed);
  const members = population.genomes.subarray(0, population.count * space.genomeLength);
  const genomes = Uint8Array.from({ length: rows * space.genomeLength }, (_, i) => members[i % members.length]);
  const { scores } = createScorer(problem).score(genomes);
  const sizes = [256, 1024, 4096];
  const commits = sizes.map((): number[] => []);
  const loads: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [i, size] of sizes.entries()) {
      const folder = mkdtempSync(join(tmpdir(), "qes-bench-"));
      const path = join(folder, "bench.sqlite");
      const archive = Archive.openForWriting(path);
      const began = performance.now();
      commitInGenerations(archive, problem, genomes, scores, size);
      commits[i].push((1000 * rows) / (performance.now() - began));
      const read = performance.now();
      let count = 0;
      for (const { scores } of archive.generations(archive.contextId(scoringContext))) count += scores.length;
      loads.push((1000 * count) / (performance.now() - read));
      archive.close();
      bytes = statSync(path).size / rows;
      rmSync(folder, { recursive: true });
    }
  }
  return {
    rows,
    commits: sizes.map((transaction, i) => ({ transaction, rowsPerSecond: median(commits[i]) })),
    loadRowsPerSecond: median(loads),
    bytesPerCandidate: bytes,
  };
}
