import type { Redis } from "ioredis";
import { PREFIX } from "./connection.ts";

/** What a worker says of itself. */
export interface WorkerInfo {
  readonly name: string;
  readonly host: string;
  readonly process: number;
  /** By `scoringBuild`. */
  readonly build: string;
  /** By `searchBuild`. */
  readonly searchBuild: string;
  readonly version: string;
  readonly threads: number;
  /** Batches and searches in hand. */
  readonly inHand: number;
  /** Batches done in the last minute. */
  readonly lastMinute: number;
  /** Searches done since it was started. */
  readonly searches: number;
}

/** Milliseconds between two signs of life, and after which a worker that gives none is not there any more. */
export const BEAT = 500;
const GONE = 5000;

const names = `${PREFIX}:workers`;
const keyOf = (name: string) => `${PREFIX}:worker:${name}`;
const banOf = (name: string) => `${PREFIX}:ban:${name}`;

/** @returns why the worker is banned, where it is */
export async function beat(redis: Redis, info: WorkerInfo): Promise<string | null> {
  const [, , ban] = await Promise.all([
    redis.set(keyOf(info.name), JSON.stringify(info), "PX", GONE),
    redis.sadd(names, info.name),
    redis.get(banOf(info.name)),
  ]);
  return ban;
}

/** Workers that gave a sign of life lately, by name. */
export async function liveWorkers(redis: Redis): Promise<WorkerInfo[]> {
  const all = (await redis.smembers(names)).sort();
  if (all.length === 0) return [];
  const infos = await redis.mget(all.map(keyOf));
  const gone = all.filter((_, i) => infos[i] === null);
  if (gone.length > 0) await redis.srem(names, gone);
  return infos.filter((info) => info !== null).map((info) => JSON.parse(info) as WorkerInfo);
}

/** Whether that worker gave a sign of life in the last so many milliseconds, or in all those after which it is not there any more. */
export async function lives(redis: Redis, name: string, within = GONE): Promise<boolean> {
  return (await redis.pttl(keyOf(name))) > GONE - within;
}

export async function leave(redis: Redis, name: string): Promise<void> {
  await redis.srem(names, name);
  await redis.del(keyOf(name));
}

/** Has a worker told that it is to end; it is not asked to agree. */
export async function ban(redis: Redis, name: string, reason: string): Promise<void> {
  await redis.set(banOf(name), reason, "EX", 86_400);
}
