import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { UserError } from "../base/user-error.ts";
import { InlinePool } from "../pool/inline.ts";
import { contextKey, readReply, readRequest } from "../pool/message.ts";
import type { Pool } from "../pool/pool.ts";
import { openThreads } from "../pool/threads.ts";
import type { Problem } from "../problem/problem.ts";
import { type BatchScores, createScorer } from "../problem/scorer.ts";
import { kindOf } from "../score/kinds/kinds.ts";

/** Batches of every worker that are checked, and of how many later ones one is. */
const FIRST = 20;
const LATER = 20;
/** Threads that check, at most. */
const MOST_THREADS = 4;

/** A worker's first batches and some later ones, all, or none, so that the final population alone is checked. */
export type Verify = "some" | "all" | "none";

/**
 * Checks what workers answer by scoring the best genome of a batch again here, and the first that is said to have failed. What is checked is a matter of
 * chance, so that no worker knows; what is scored is not.
 */
export class Checks {
  readonly #problem: Problem;
  readonly #verify: Verify;
  readonly #answered = new Map<string, number>();
  #pool: Pool | undefined;

  constructor(problem: Problem, verify: Verify) {
    this.#problem = problem;
    this.#verify = verify;
  }

  /** @returns what is wrong with an answer, where it was looked at and something is */
  async flaw(worker: string, request: Uint8Array, reply: Uint8Array): Promise<string | undefined> {
    const count = this.#answered.get(worker) ?? 0;
    this.#answered.set(worker, count + 1);
    if (!this.#isDrawn(count)) return undefined;
    const { scoringContext, space } = this.#problem;
    const length = space.genomeLength;
    const genomes = readRequest(request);
    let answer: BatchScores;
    try {
      answer = readReply(reply, contextKey(scoringContext), genomes.length / length);
    } catch (error) {
      return (error as Error).message;
    }
    const indices = looked(answer);
    const again = await this.#score(indices.map((i) => genomes.subarray(i * length, (i + 1) * length)));
    const other = indices.findIndex((i, k) => !equals(answer, i, again, k));
    if (other < 0) return undefined;
    return `${answer.scores[indices[other]]} in the place of ${again.scores[other]}`;
  }

  /**
   * Scores a population again.
   * @throws UserError where it does not have those scores
   */
  async confirm(genomes: Uint8Array, scores: Float64Array): Promise<void> {
    const again = await this.#score([genomes]);
    const wrong = scores.findIndex((score, i) => score !== again.scores[i]);
    if (wrong < 0) return;
    throw new UserError(
      `a network of the final population has the score ${again.scores[wrong]}, got ${scores[wrong]} from one of ${[...this.#answered.keys()].join(", ")}; ` +
        "what they scored is in the archive: start again in another, without that worker or with every batch verified",
    );
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  /** @param count batches that its worker answered before */
  #isDrawn(count: number): boolean {
    if (this.#verify !== "some") return this.#verify === "all";
    return count < FIRST || randomInt(LATER) === 0;
  }

  #score(genomes: readonly Uint8Array[]): Promise<BatchScores> {
    const problem = this.#problem;
    this.#pool ??=
      kindOf(problem.config.score).begin === "inline"
        ? new InlinePool(createScorer(problem))
        : openThreads(problem, Math.min(MOST_THREADS, availableParallelism()));
    return this.#pool.score(new Uint8Array(Buffer.concat(genomes)));
  }
}

/** Indices of the best and of the first without a score. */
function looked({ scores }: BatchScores): number[] {
  let best = -1;
  for (let i = 0; i < scores.length; i++) if (scores[i] > (scores[best] ?? Number.NEGATIVE_INFINITY)) best = i;
  return [best, scores.findIndex(Number.isNaN)].filter((i) => i >= 0);
}

/** To the bit, a score that there is not included. */
function equals(one: BatchScores, i: number, other: BatchScores, k: number): boolean {
  const error = (of: BatchScores, at: number) => of.standardErrors?.[at] ?? Number.NaN;
  return Object.is(one.scores[i], other.scores[k]) && Object.is(error(one, i), error(other, k));
}
