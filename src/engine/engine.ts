import { costNames } from "../costs/cost-table.ts";
import type { Deployment } from "../memory/runtime.ts";
import type { DeepMadOptions } from "../score/deepmad.ts";
import type { ExpectedTables } from "../score/expected/expected.ts";
import type { Space } from "../space/space.ts";
import * as layout from "./assembly/layout.ts";
import { Breeding, type BreedingOptions } from "./breeding.ts";
import { compileSpace } from "./compiled-space.ts";
import { writeDeepMad } from "./deepmad-tables.ts";
import { writeExpectedTables } from "./expected-tables.ts";
import { MoreCosts } from "./figures.ts";
import type { GenomeMemory } from "./memory.ts";

/** Genomes that are scored, or whose costs are computed, in one call. */
const BATCH = 512;

/** What a search keeps in the memory of its engine, in genomes. */
export interface Rooms {
  /** Members of a population. */
  readonly members: number;
  /** Of one generation. */
  readonly children: number;
}

/**
 * A compiled space in WebAssembly: breeds genomes, hashes them, holds them against budgets and computes costs and score straight from
 * their bytes. What others see of its memory is the two rooms of a search, by index; addresses stay in this folder.
 */
export class GenomeEngine {
  readonly space: Space;
  readonly rooms: Rooms;
  /** Room for the members of a population, from which children are bred. */
  readonly members: Uint8Array;
  /** Room for a generation, and one genome more: children are bred in place and overwritten where they are not new. */
  readonly children: Uint8Array;
  readonly #memory: GenomeMemory;
  readonly #more: MoreCosts;
  readonly #batch: number;
  readonly #results: number;
  #score: GenomeMemory["module"]["scores"];
  readonly #deploys: boolean;
  #breeds = false;

  /**
   * @param classes outputs of the classifier counted into flash; 0 for none
   * @param deployment of as many classes; absent: the costs of a deployment have no budget
   */
  constructor(space: Space, classes: number, rooms: Rooms = { members: 0, children: 0 }, deployment?: Deployment) {
    const { genomeLength: length } = space;
    const genomes = rooms.members + rooms.children + 1 + BATCH;
    const results = BATCH * costNames.length * 8;
    this.#more = new MoreCosts(space, classes);
    const memory = compileSpace(
      space,
      classes,
      deployment,
      this.#more,
      genomes * (length + layout.RECORD_BYTES) + results,
    );
    this.space = space;
    this.rooms = rooms;
    this.#deploys = deployment !== undefined;
    this.#memory = memory;
    this.#score = memory.module.scores;
    this.#results = memory.reserve(results);
    this.#batch = memory.reserve(BATCH * length);
    const roomFor = (count: number) => {
      const address = memory.reserve(count * length);
      return memory.bytes.subarray(address, address + count * length);
    };
    this.members = roomFor(rooms.members);
    this.children = roomFor(rooms.children + 1);
  }

  /** The operators of a search, once an engine. */
  breeding(options: BreedingOptions): Breeding {
    if (this.#breeds) throw new Error("genome engine: expected one search an engine, got a second");
    this.#breeds = true;
    this.#more.limits = options.limits;
    return new Breeding(this.#memory, this, options);
  }

  /** What the analytic score is made of; weights missing for a stage make every score NaN. */
  setScore(stageWeights: ArrayLike<number>, bitGains: ArrayLike<number>): void {
    this.#setStageWeights(stageWeights);
    this.#memory.doubles.set(bitGains, layout.BIT_GAINS >> 3);
    this.#score = this.#memory.module.scores;
  }

  /** What the expected score is made of; weights missing for a stage make every score NaN. To be called once. */
  setExpectedScore(tables: ExpectedTables): void {
    this.#setStageWeights(tables.stageWeights);
    writeExpectedTables(this.#memory, this.space, tables);
    this.#score = this.#memory.module.expectedScores;
  }

  /** What DeepMAD's score is made of; weights missing for a stage make every score NaN. To be called once. */
  setDeepMadScore(options: DeepMadOptions): void {
    this.#setStageWeights(options.stageWeights);
    writeDeepMad(this.#memory, this.space, options);
    this.#score = this.#memory.module.deepMadScores;
  }

  #setStageWeights(stageWeights: ArrayLike<number>): void {
    const { words, doubles } = this.#memory;
    const stages = 1 + this.space.blocks.filter(({ s }, b) => b > 0 && s === 2).length;
    const address = words[layout.STAGE_WEIGHTS >> 2];
    for (let i = 0; i < stages; i++) doubles[(address >> 3) + i] = stageWeights[i] ?? Number.NaN;
  }

  /** Score of every genome, by what was set last. */
  scores(genomes: Uint8Array): Float64Array {
    return this.#inBatches(genomes, 1, this.#score);
  }

  /** What every genome costs where it is deployed, four figures each: flash, arena, latency and energy, 0 where they are not known. @throws Error where it is not */
  deployedCosts(genomes: Uint8Array): Float64Array {
    if (!this.#deploys) throw new Error("genome engine: expected a deployment, got none");
    const { deployedCosts } = this.#memory.module;
    return this.#inBatches(genomes, layout.DEPLOYED_FIGURES, (at, count, out) => deployedCosts(at, count, out));
  }

  /** Costs of every genome, `costNames.length` figures each, in that order. */
  costs(genomes: Uint8Array): Float64Array {
    const { genomeLength } = this.space;
    const figures = this.#inBatches(genomes, costNames.length, this.#memory.module.allCosts);
    for (let i = 0; i * genomeLength < genomes.length; i++) {
      this.#more.fill(genomes, i * genomeLength, figures, i * costNames.length);
    }
    return figures;
  }

  #inBatches(genomes: Uint8Array, figures: number, compute: GenomeMemory["module"]["allCosts"]): Float64Array {
    const { bytes, doubles } = this.#memory;
    const length = this.space.genomeLength;
    const count = genomes.length / length;
    const out = new Float64Array(count * figures);
    const results = this.#results >> 3;
    for (let first = 0; first < count; first += BATCH) {
      const end = Math.min(count, first + BATCH);
      bytes.set(genomes.subarray(first * length, end * length), this.#batch);
      compute(this.#batch, end - first, this.#results, figures);
      out.set(doubles.subarray(results, results + (end - first) * figures), first * figures);
    }
    return out;
  }
}
