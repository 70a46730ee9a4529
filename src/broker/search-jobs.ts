import { createHash } from "node:crypto";
import type { DefaultJobOptions } from "bullmq";

/** What a job of a whole search carries, as JSON. Its id is that of the search, and how often it was sent before. */
export interface SearchJob {
  readonly id: string;
  /** JSON. */
  readonly config: string;
  /** With a bound beside it. */
  readonly bound: boolean;
  /** Whom to tell. */
  readonly session: string;
}

/** What came of a search: what it printed and its archive, or why it ended without. */
export type SearchAnswer =
  | { readonly result: unknown; readonly archive: Uint8Array }
  | { readonly reason: string }
  | "stopped";

/** As a job keeps it. */
export type KeptSearch = { readonly worker: string } & (
  | {
      readonly result: unknown;
      /** Base64. */
      readonly archive: string;
    }
  | { readonly reason: string }
);

/** Kept until whoever asked takes it, or for a week. */
export const searchJobOptions: DefaultJobOptions = {
  attempts: 1,
  removeOnComplete: { age: 7 * 86_400 },
  removeOnFail: true,
};

/** A program and how it scores, in a few letters: what a search comes to depends on all of it. */
export function searchBuild(scoring: string, program: string): string {
  return createHash("sha256").update(`${scoring} ${program}`).digest("hex").slice(0, 12);
}

/** @param build by `searchBuild`; jobs of one alone meet */
export const searchQueue = (build: string) => `search-${build}`;
