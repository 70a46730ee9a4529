import * as z from "zod";
import { UserError } from "../base/user-error.ts";
import type { RuntimeCost } from "../costs/cost-table.ts";
import type { Runtime } from "../memory/runtime.ts";
import type { BitPair } from "../network/bits.ts";
import type { Capability } from "./capabilities.ts";
import { parseFields } from "./issues.ts";

const bits = z
  .array(z.number().int().min(1).max(16))
  .min(1)
  .max(16)
  .transform((list) => [...new Set(list)].sort((x, y) => x - y));
const place = z.enum(["in-place", "separate"]);
const fusion = z.enum(["fused", "separate"]);
const bytes = z.number().min(0).max(4096).default(0);
const scratch = z
  .strictObject({
    constant: z.number().min(0).max(1e6).default(0),
    input: bytes,
    output: bytes,
    added: bytes,
    kernel: bytes,
    patch: bytes,
    weights: bytes,
    rows: bytes,
    plane: bytes,
  })
  .prefault({});
const kib = z.number().min(0).max(131_072, "expected KiB, at most 131072").default(0);

const schema = z.strictObject({
  name: z.string().min(1).max(48),
  title: z.string().max(200).default(""),
  /** Where the numbers are from. */
  source: z.string().max(2000).default(""),
  activations: bits,
  weights: bits,
  /** Groups of 8, or none where every tensor is of bytes: then whole pixels are whole bytes. */
  channels: z.union([z.literal(1), z.literal(8)]).default(1),
  alignment: z.number().int().min(1).max(64).default(1),
  depthwise: place,
  addition: place,
  pool: place,
  expansion: fusion.default("separate"),
  average: fusion.default("separate"),
  scratch: z
    .strictObject({ dense: scratch, pointwise: scratch, depthwise: scratch, expansion: scratch, average: scratch })
    .prefault({}),
  constants: z.strictObject({ channel: bytes, conv: bytes, class: bytes, classifier: bytes }).prefault({}),
  reserve: z.strictObject({ sram: kib, flash: kib }).prefault({}),
});

/** A runtime as presets/runtimes/NAME.yaml or a file of one's own has it. */
export type RuntimeFile = z.output<typeof schema>;

/**
 * Checks what a runtime file holds.
 * @param where names it in messages
 * @throws UserError with the path of every wrong key, what was expected and the nearest right key
 */
export function parseRuntime(value: unknown, where: string): RuntimeFile {
  return parseFields(schema, value, where, "the runtime");
}

/**
 * Holds the rest of a configuration against its runtime.
 * @throws UserError where there is a budget of a deployment and no runtime, or legal bits that the runtime does not run
 */
export function checkRuntime(
  runtime: Runtime | undefined,
  budgets: Readonly<Partial<Record<RuntimeCost, number | undefined>>>,
  { body, stem, head }: Capability,
  where: string,
): void {
  if (runtime === undefined) {
    const budget = (["arena", "flashDeployed"] as const).find((name) => budgets[name] !== undefined);
    if (budget === undefined) return;
    throw new UserError(
      `${where}: budgets.${budget}: expected a runtime whose memory it limits, got none; give runtime`,
    );
  }
  const { activations, weights } = runtime;
  const pairs = [...body, ...(stem === "start" ? [] : stem), ...head];
  const other = pairs.find(({ a, w }) => !activations.includes(a) || !weights.includes(w));
  if (other === undefined) return;
  throw new UserError(
    `${where}: capability: expected bits that ${runtime.name} runs, activations ${activations.join(", ")} and weights ${weights.join(", ")}, got ${other.a}/${other.w}; change capability or space.bits, or runtime`,
  );
}

/** What of a capability a runtime runs. @throws UserError where that is nothing */
export function withinRuntime(
  capability: Capability,
  { name, activations, weights }: Runtime,
  where: string,
): Capability {
  const run = (pairs: readonly BitPair[]) => pairs.filter(({ a, w }) => activations.includes(a) && weights.includes(w));
  const { stem } = capability;
  const left = {
    ...capability,
    stem: stem === "start" ? stem : run(stem),
    body: run(capability.body),
    head: run(capability.head),
  };
  if (left.body.length > 0 && left.head.length > 0 && left.stem.length > 0) return left;
  throw new UserError(
    `${where}: expected a runtime that runs bits of the device, got ${name}, which runs none; choose another`,
  );
}
