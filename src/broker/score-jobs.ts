import { createHash } from "node:crypto";
import type { DefaultJobOptions } from "bullmq";
import { PREFIX } from "./connection.ts";

/** What a job of scoring carries, as JSON. */
export interface ScoreJob {
  /** By `setupId`. */
  readonly setup: string;
  /** Base64. */
  readonly request: string;
  /** Whom to answer. */
  readonly session: string;
}

/** What comes of a job: in the list of replies as msgpack, and as the job's own result, where it was scored. */
export interface ScoreAnswer {
  readonly id: string;
  readonly worker: string;
  readonly reply?: Uint8Array;
  readonly error?: string;
  readonly down?: boolean;
}

/** What a job keeps of its answer, so that whoever asks for the same again has it. */
export interface KeptAnswer {
  readonly worker: string;
  /** Base64. */
  readonly reply: string;
}

/** One try, since retrying is the pool's; what was scored is kept for a day for whoever resumes, what failed is not. */
export const jobOptions: DefaultJobOptions = {
  attempts: 1,
  removeOnComplete: { age: 86_400, count: 5000 },
  removeOnFail: true,
};

export const scoreQueue = (build: string) => `score-${build}`;
export const setupKey = (setup: string) => `${PREFIX}:setup:${setup}`;
export const replyKey = (session: string) => `${PREFIX}:reply:${session}`;
export const cancelKey = (id: string) => `${PREFIX}:cancel:${id}`;
/** Seconds that setups, and replies and cancellations that nobody takes, are kept. */
export const KEEP_SETUP = 86_400;
export const KEEP = 600;

export function setupId(setup: Uint8Array): string {
  return createHash("sha256").update(setup).digest("base64url").slice(0, 22);
}

/** Equal requests for equal setups have equal ids. */
export function contentId(setup: string, request: Uint8Array): string {
  return createHash("sha256").update(setup).update(request).digest("base64url").slice(0, 22);
}
