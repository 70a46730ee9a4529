import { Archive, type RunRow } from "../../archive/archive.ts";
import { UserError } from "../../base/user-error.ts";
import type { Problem } from "../../problem/problem.ts";
import type { ReportModel } from "../model/model.ts";
import { networkView } from "../model/network-view.ts";
import { RunOpener, runView } from "../model/open-run.ts";
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
  #problem: Problem | undefined;

  /**
   * @param run its id; absent: the last run, also where that changes
   * @throws UserError where there is no archive, or no such run
   */
  constructor(path: string, run?: number) {
    this.#archive = Archive.openForReading(path);
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
    return this.#problem;
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
      const run = new RunOpener(this.#archive).openLast(row);
      this.#problem = run.problem;
      const view = runView(run, this.#archive.runInProgress);
      const said = JSON.stringify(view);
      if (said === this.#said) return undefined;
      this.#said = said;
      const points = this.#last === undefined ? this.#points : [...this.#points, this.#last];
      return { run: view, network: networkView(run), whatIf: whatIfModel(run.problem), points };
    });
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
