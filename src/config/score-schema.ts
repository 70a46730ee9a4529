import * as z from "zod";
import { kernelNames } from "../kernel/kernels.ts";

const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => z.number().int().min(min).max(max);
const positive = z.number().positive().max(1e18);
const weights = z.array(z.number().min(0).max(1e6)).min(1).max(64);

const scoreFields = {
  stageWeights: weights.default([0, 0, 1, 1, 6]),
  sigmaActivation: positive.default(5),
  sigmaWeight: positive.default(4),
};

const analyticSchema = z.strictObject({ kind: z.literal("analytic"), ...scoreFields });
const expectedSchema = z.strictObject({ kind: z.literal("expected"), ...scoreFields });
const alpha = z.number().min(0).max(1e6);
const deepMadSchema = z.strictObject({
  kind: z.literal("deepmad"),
  ...scoreFields,
  stageWeights: weights.default([1, 1, 1, 1, 8]),
  alpha1: alpha.default(1),
  alpha2: alpha.default(1),
  depthPenalty: alpha.default(0),
  /** Absent: the input's. */
  resolution: whole(1, 4096).optional(),
  /** With the errors of the released program. */
  like: z.literal("released").optional(),
});
const randomSchema = z.strictObject({ kind: z.literal("random"), ...scoreFields, randomSeed: whole(0).default(1) });
const parametersSchema = z.strictObject({ kind: z.literal("params"), ...scoreFields });
const bitopsSchema = z.strictObject({ kind: z.literal("bitops"), ...scoreFields });
const effectivenessSchema = z.strictObject({ kind: z.literal("effectiveness"), ...scoreFields });
/** Those that an ensemble can weigh: without noise. */
const partSchema = z.discriminatedUnion("kind", [
  analyticSchema,
  expectedSchema,
  deepMadSchema,
  randomSchema,
  parametersSchema,
  bitopsSchema,
  effectivenessSchema,
]);

/** The `score` of a configuration: what its kinds take, and their defaults. */
export const scoreSchema = z.discriminatedUnion("kind", [
  analyticSchema,
  expectedSchema,
  deepMadSchema,
  randomSchema,
  parametersSchema,
  bitopsSchema,
  effectivenessSchema,
  z.strictObject({
    kind: z.literal("ensemble"),
    ...scoreFields,
    parts: z
      .array(z.strictObject({ weight: z.number().min(-1e9).max(1e9), score: partSchema }))
      .min(1)
      .max(16),
  }),
  z.strictObject({
    kind: z.literal("forward"),
    ...scoreFields,
    repeats: whole(1, 1e6).default(8),
    batch: whole(1, 1024).default(1),
    resolution: whole(1, 4096).optional(),
    noiseSeed: whole(0).default(1),
    kernel: z.enum(kernelNames).default("simd"),
    maxChannels: whole(1, 65536).optional(),
    rescaled: z.boolean().default(true),
  }),
]);
