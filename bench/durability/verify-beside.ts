import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { Archive } from "../../src/archive/archive.ts";
import { verifyArchive } from "../../src/run/audit.ts";
import { isMain, numberArgument } from "./arguments.ts";
import { command } from "./command.ts";

export interface BesideReport {
  searches: number;
  /** Verifications that began while a search was writing. */
  verifications: number;
  /** The least and the most generations that one of them saw. */
  generations: [number, number];
  findings: string[];
}

export interface BesideOptions {
  readonly verifications: number;
  readonly evaluations: number;
}

/** Verifies archives while searches write them: there must be no findings. */
export async function verifyBeside({ verifications, evaluations }: BesideOptions): Promise<BesideReport> {
  const report: BesideReport = {
    searches: 0,
    verifications: 0,
    generations: [Number.POSITIVE_INFINITY, 0],
    findings: [],
  };
  const folder = mkdtempSync(join(tmpdir(), "qes-beside-"));
  try {
    while (report.verifications < verifications) {
      const path = join(folder, `${++report.searches}.sqlite`);
      let running = true;
      const args = ["search", "imagenet-mixed-7.0g", "--archive", path, "--quiet", "--threads", "0", "--no-bound"];
      const search = command([...args, "--evaluations", String(evaluations)]).then((outcome) => {
        running = false;
        if (outcome.code !== 0) report.findings.push(outcome.stderr);
      });
      while (running && report.verifications < verifications) {
        if (!hasRun(path)) {
          await after(20);
          continue;
        }
        const { generations, findings } = verifyArchive(path, { sample: 20 });
        report.verifications++;
        report.generations[0] = Math.min(report.generations[0], generations);
        report.generations[1] = Math.max(report.generations[1], generations);
        for (const finding of findings) report.findings.push(finding);
        // The search ends between two of them.
        await after(20);
      }
      await search;
      for (const finding of verifyArchive(path, { sample: 20 }).findings) report.findings.push(`at rest: ${finding}`);
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

/** Whether the search has begun to write. */
function hasRun(path: string): boolean {
  try {
    const archive = Archive.openForReading(path);
    try {
      return (archive.lastRun()?.checkpoint?.counters.generations ?? 0) > 2;
    } finally {
      archive.close();
    }
  } catch {
    return false;
  }
}

if (isMain(import.meta.url)) {
  const report = await verifyBeside({
    verifications: numberArgument("verifications", 100),
    evaluations: numberArgument("evaluations", 2_500_000),
  });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.findings.length === 0 ? 0 : 1;
}
