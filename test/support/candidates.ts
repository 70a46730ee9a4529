import type { Archive } from "../../src/archive/archive.ts";

/** Every candidate of a scoring context, and the run that scored it; null where scoring failed. */
export function* candidatesOf(archive: Archive, context: number) {
  for (const { run, genomes, genomeLength, scores } of archive.generations(context)) {
    for (let i = 0; i < scores.length; i++) {
      const genome = genomes.subarray(i * genomeLength, (i + 1) * genomeLength);
      yield { genome, score: Number.isNaN(scores[i]) ? null : scores[i], run };
    }
  }
}
