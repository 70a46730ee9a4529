import { createHash } from "node:crypto";
import { pack, unpack } from "msgpackr/pack";
import type { Config } from "../config/config.ts";
import { openProblem, type Problem } from "../problem/problem.ts";
import type { BatchScores } from "../problem/scorer.ts";

/*
 * What a pool and those that score for it say to each other, as msgpack: a setup once, then a request and its reply at a time. Each names the
 * version of these messages and the scoring context, so that scores of another program or another configuration are never taken for ours.
 */

/** Raised whenever a message, or what a score means, changes. */
const MESSAGE_VERSION = 2;

interface Setup {
  readonly version: number;
  /** As text. */
  readonly scoringContext: string;
  readonly config: Config;
}

interface Request {
  readonly version: number;
  /** `contextKey` of the setup. */
  readonly context: string;
  /** Whole genomes, one after another. */
  readonly genomes: Uint8Array;
}

interface Reply {
  readonly version: number;
  readonly context: string;
  /** Why the request was not scored; there are no scores then. */
  readonly refused?: string;
  /** Bytes of a Float64Array, NaN where there is no score. */
  readonly scores: Uint8Array;
  /** Likewise, of scores that have some. */
  readonly standardErrors?: Uint8Array;
  /** Index in the request, reason. */
  readonly failures: BatchScores["failures"];
  /** That scoring took. */
  readonly seconds: number;
}

/** A scoring context in a few letters. */
export function contextKey(scoringContext: string): string {
  return createHash("sha256").update(scoringContext).digest("base64url").slice(0, 22);
}

export function packSetup({ config, scoringContext }: Pick<Problem, "config" | "scoringContext">): Uint8Array {
  // It outlives other messages, and goes to threads with all of its memory.
  return new Uint8Array(pack({ version: MESSAGE_VERSION, scoringContext, config: scoredBy(config) } satisfies Setup));
}

/** A configuration without tables of operators, which may have megabytes, and their budgets: no score depends on them. */
function scoredBy(config: Config): Config {
  if (config.latency === undefined && config.energy === undefined) return config;
  const { latency: _, energy: __, ...rest } = config;
  const { latency: ___, energy: ____, ...budgets } = config.budgets;
  return { ...rest, budgets };
}

/** @throws Error where it comes from another version, or this program scores another thing by its configuration */
export function readSetup(bytes: Uint8Array): Problem {
  const { version, scoringContext, config } = unpack(bytes) as Setup;
  if (version !== MESSAGE_VERSION) throw new Error(`setup of version ${version}, expected ${MESSAGE_VERSION}`);
  const problem = openProblem(config);
  if (problem.scoringContext !== scoringContext) throw new Error("setup of another scoring context");
  return problem;
}

export function packRequest(context: string, genomes: Uint8Array): Uint8Array {
  return pack({ version: MESSAGE_VERSION, context, genomes } satisfies Request);
}

/** The genomes of a request. */
export function readRequest(request: Uint8Array): Uint8Array {
  return new Uint8Array((unpack(request) as Request).genomes);
}

/** Answers a request. @throws what `score` throws */
export function answer(request: Uint8Array, context: string, score: (genomes: Uint8Array) => BatchScores): Uint8Array {
  const began = performance.now();
  const asked = unpack(request) as Request;
  const own = { version: MESSAGE_VERSION, context };
  const refused = difference(asked, own);
  const { buffer, byteOffset, length } = asked.genomes;
  const { scores, standardErrors, failures }: BatchScores =
    refused === undefined
      ? score(new Uint8Array(buffer, byteOffset, length))
      : { scores: new Float64Array(), failures: [] };
  const reply: Reply = {
    ...own,
    ...(refused === undefined ? {} : { refused }),
    scores: new Uint8Array(scores.buffer),
    ...(standardErrors === undefined ? {} : { standardErrors: new Uint8Array(standardErrors.buffer) }),
    failures,
    seconds: (performance.now() - began) / 1000,
  };
  // What packs keeps more memory than the message takes; all of it would go along.
  return new Uint8Array(pack(reply));
}

/**
 * Reads the reply to a request of `count` genomes.
 * @throws Error where it is not that; no other try would give it
 */
export function readReply(
  bytes: Uint8Array,
  context: string,
  count: number,
): BatchScores & { readonly seconds: number } {
  const reply = unpack(bytes) as Reply;
  const wrong = difference(reply, { version: MESSAGE_VERSION, context }) ?? reply.refused;
  if (wrong !== undefined) throw new Error(`reply of another kind: ${wrong}`);
  for (const [what, { length }] of [
    ["scores", reply.scores],
    ["standard errors", reply.standardErrors ?? reply.scores],
  ] as const) {
    if (length !== 8 * count) throw new Error(`reply: expected ${count} ${what}, got ${length / 8}`);
  }
  const numbers = (bytes: Uint8Array) => new Float64Array(new Uint8Array(bytes).buffer);
  return {
    scores: numbers(reply.scores),
    standardErrors: reply.standardErrors && numbers(reply.standardErrors),
    failures: reply.failures,
    seconds: reply.seconds,
  };
}

function difference(
  { version, context }: Pick<Request, "version" | "context">,
  own: Pick<Request, "version" | "context">,
): string | undefined {
  if (version !== own.version) return `message of version ${version}, expected ${own.version}`;
  return context === own.context ? undefined : "message of another scoring context";
}
