import * as z from "zod";
import { UserError } from "../base/user-error.ts";
import { parseConfigText } from "./config.ts";
import { parseFields } from "./issues.ts";

/** More searches than this are a mistake in a plan. */
const MOST_SEARCHES = 100_000;
const MOST_SEEDS = 10_000;

const name = z.string().min(1).max(4096);
/** One of a device and its task. */
const partner = (what: string, other: string) =>
  z
    .string({
      error: ({ input }) =>
        input === undefined ? `expected a ${what} beside the ${other}, a name or a file` : undefined,
    })
    .min(1)
    .max(4096);
const seed = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const schema = z.strictObject({
  /** Presets, files of configurations (relative to the working folder), or a device and a task. */
  searches: z
    .array(z.union([name, z.strictObject({ device: partner("device", "task"), task: partner("task", "device") })]))
    .min(1),
  /** `1..20`, one or a list; absent: the seed of each configuration. */
  seeds: z.union([seed, z.string().max(100_000), z.array(seed).min(1).max(MOST_SEEDS)]).optional(),
  /** Each a key of the configuration and its values; several keys in one entry take their values together. */
  set: z.array(z.record(name, z.array(z.unknown()).min(1))).default([]),
});

/** One search of a plan. */
export interface PlannedSearch {
  /** From 0 on, in the order: searches, then the entries of `set`, then seeds, the last the fastest. */
  readonly index: number;
  readonly source: string | { readonly device: string; readonly task: string };
  /** By key of the configuration. */
  readonly set: Readonly<Record<string, unknown>>;
  readonly seed: number | undefined;
}

/**
 * The cross product of a plan's searches, settings and seeds.
 * @param where names the file in messages
 * @throws UserError where the text is no plan, or one of more than 100,000 searches
 */
export function parseSweepPlan(text: string, where: string): readonly PlannedSearch[] {
  const plan = parseFields(schema, parseConfigText(text, where), where, "the plan");
  const seeds = plan.seeds === undefined ? [undefined] : seedsOf(plan.seeds, `${where}: seeds`);
  const settings = plan.set.map((entry, i) => together(entry, `${where}: set.${i}`));
  const count = settings.reduce((product, values) => product * values.length, plan.searches.length * seeds.length);
  if (count > MOST_SEARCHES) {
    throw new UserError(
      `${where}: expected at most ${MOST_SEARCHES} searches, got ${count}; take fewer seeds or values, or several plans`,
    );
  }
  const combined = settings.reduce<readonly Record<string, unknown>[]>(
    (all, values) => all.flatMap((before) => values.map((value) => ({ ...before, ...value }))),
    [{}],
  );
  let index = 0;
  return plan.searches.flatMap((source) =>
    combined.flatMap((set) => seeds.map((one) => ({ index: index++, source, set, seed: one }))),
  );
}

/**
 * @param where begins messages
 * @throws UserError where the text is neither `from..to` nor a list
 */
export function parseSeeds(value: string, where: string): number[] {
  const [, from, to] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(value) ?? [];
  const list = /^\d{1,15}(,\d{1,15})*$/.test(value) ? value.split(",").map(Number) : [];
  const count = from === undefined ? list.length : Number(to) - Number(from) + 1;
  if (!(count >= 1 && count <= MOST_SEEDS)) {
    throw new UserError(
      `${where}: expected such as 1..10 or 1,5,9, at most ${MOST_SEEDS} of them, got ${JSON.stringify(value)}`,
    );
  }
  return from === undefined ? [...new Set(list)] : Array.from({ length: count }, (_, i) => Number(from) + i);
}

function seedsOf(value: number | string | readonly number[], where: string): readonly number[] {
  if (typeof value === "string") return parseSeeds(value, where);
  return typeof value === "number" ? [value] : [...new Set(value)];
}

/** The values of an entry's keys, the first of each, then the second. */
function together(entry: Readonly<Record<string, readonly unknown[]>>, where: string): Record<string, unknown>[] {
  const keys = Object.keys(entry);
  const lengths = new Set(keys.map((key) => entry[key].length));
  if (lengths.size !== 1) {
    const got = keys.map((key) => `${key} has ${entry[key].length}`).join(", ") || "no key";
    throw new UserError(
      `${where}: expected as many values of every key, since keys of one entry take theirs together, got ${got}; entries of their own are crossed`,
    );
  }
  return entry[keys[0]].map((_, i) => Object.fromEntries(keys.map((key) => [key, entry[key][i]])));
}
