import { existsSync, statSync } from "node:fs";
import { Archive } from "../../src/archive/archive.ts";
import { rollBack } from "../../src/archive/connection.ts";

export interface ArchiveRows {
  readonly runs: number;
  /** Every candidate with its score, costs, failure and generation, as text, sorted. */
  readonly rows: readonly string[];
  /** Of the last run, where it is finished. */
  readonly digest: string | undefined;
  /** What is wrong with the file. */
  readonly damage: readonly string[];
}

/** All that an archive holds; nothing where there is no file yet, or a kill came before anything was in it. */
export function readRows(path: string): ArchiveRows {
  if (existsSync(path)) rollBack(path);
  if (!existsSync(path) || statSync(path).size === 0) return { runs: 0, rows: [], digest: undefined, damage: [] };
  const archive = Archive.openForReading(path);
  try {
    const rows: string[] = [];
    const damage = [...archive.structure().damage];
    const runs = archive.runs();
    for (const { id } of archive.contexts()) {
      archive.eachStored(id, (stored) => {
        if (stored.damage !== undefined) damage.push(stored.damage);
        const { genomes, genomeLength: length, scores, costs, failures, run, generation } = stored;
        const width = scores.length === 0 ? 0 : costs.length / scores.length;
        for (let i = 0; i < scores.length; i++) {
          const genome = Buffer.from(genomes.subarray(i * length, (i + 1) * length)).toString("hex");
          const figures = costs.subarray(i * width, (i + 1) * width).join(" ");
          rows.push(`${genome} ${scores[i]} ${figures} ${failures.get(i) ?? ""} ${run} ${generation}`);
        }
      });
    }
    return { runs: runs.length, rows: rows.sort(), digest: runs.at(-1)?.digest, damage };
  } finally {
    archive.close();
  }
}
