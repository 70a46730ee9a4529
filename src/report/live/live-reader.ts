import { Archive, type RunRow } from "../../archive/archive.ts";
import { UserError } from "../../base/user-error.ts";
import type { Problem } from "../../problem/problem.ts";
import type { NetworkView, ReportModel } from "../model/model.ts";
import { networkView } from "../model/network-view.ts";
import { bestOf, type OpenRun, RunOpener, runView } from "../model/open-run.ts";
import { type WhatIfModel, whatIfModel } from "../model/what-if.ts";

/** What a live page shows. */
export interface LiveModel extends Pick<ReportModel, "run" | "network"> {
  readonly whatIf: WhatIfModel;
  /** The best score behind so many children, where it rose, and at the end. */
  readonly points: readonly (readonly [children: number, score: number])[];
}

/** Reads a run again and again, of that what is new alone, however large its archive is. */
export class LiveReader {
  readonly #archive: Archive;
  readonly #chosen: number | undefined;
  #run = -1;
  #generation = -1;
  #points: (readonly [number, number])[] = [];
  #last: readonly [number, number] | undefined;
  #said = "";
  readonly #opener: RunOpener;
  #open: OpenRun | undefined;
  #network: NetworkView | null = null;
  #whatIf: WhatIfModel | undefined;

  /**
   * @param run its id; absent: the last run, also where that changes
   * @throws UserError where there is no archive, or no such run
   */
  constructor(path: string, run?: number) {
    this.#archive = Archive.openForReading(path);
    this.#opener = new RunOpener(this.#archive);
    this.#chosen = run;
    try {
      this.#row();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#archive.close();
  }

  /** What the run that was read last asks for. */
  get problem(): Problem | undefined {
    return this.#open?.problem;
  }

  /** What there is to show; undefined where that is what the last call gave. */
  read(): LiveModel | undefined {
    return this.#archive.atOneMoment(() => {
      const row = this.#row();
      if (row.id !== this.#run) this.#begin(row.id);
      for (const { generation, children, best } of this.#archive.progress(row.id, this.#generation)) {
        this.#generation = generation;
        if (best === null) continue;
        const before = this.#points.at(-1);
        this.#last = [children, best];
        if (before === undefined || best > before[1]) this.#points.push(this.#last);
      }
      const run = this.#opener.openLast(row);
      this.#follow(run);
      const view = runView(run, this.#archive.runInProgress);
      const said = JSON.stringify(view);
      if (said === this.#said) return undefined;
      this.#said = said;
      const points = this.#last === undefined ? this.#points : [...this.#points, this.#last];
      return { run: view, network: this.#network, whatIf: this.#whatIf!, points };
    });
  }

  /** Makes again what is another than it was at the last look: most looks find the same best network. */
  #follow(run: OpenRun): void {
    const before = this.#open;
    this.#open = run;
    if (before?.problem !== run.problem) this.#whatIf = whatIfModel(run.problem);
    if (before === undefined || !sameBest(before, run)) this.#network = networkView(run);
  }

  #begin(run: number): void {
    this.#run = run;
    this.#generation = -1;
    this.#points = [];
    this.#last = undefined;
  }

  #row(): RunRow {
    const row = this.#chosen === undefined ? this.#archive.lastRun() : this.#archive.run(this.#chosen);
    if (row === undefined) throw new UserError(`${this.#archive.path}: no runs`, "search");
    return row;
  }
}

/** Whether the best networks of two looks are one, of one problem. */
function sameBest(a: OpenRun, b: OpenRun): boolean {
  if (a.problem !== b.problem || bestOf(a) !== bestOf(b)) return false;
  const genome = ({ row, problem }: OpenRun) => row.checkpoint?.genomes.subarray(0, problem.space.genomeLength);
  const [one, other] = [genome(a), genome(b)];
  return one === undefined || other === undefined ? one === other : Buffer.compare(one, other) === 0;
}
