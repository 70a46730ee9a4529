import * as z from "zod";
import { parseFields } from "../../config/issues.ts";
import { costNames, type DeployedCost, type OwnCost, sumsOf } from "../../costs/cost-table.ts";
import { parseStructure } from "../../network/structure.ts";
import type { ChainProof } from "../chain-proof.ts";
import type { BoundNetwork } from "../incumbents.ts";
import type { BoundState } from "../solve.ts";

const CERTIFICATE_FORMAT = "qe-search bound certificate 1";

/** What a reader needs to check a bound without the solver; plain JSON. docs/bound.md says what it proves and how. */
export interface Certificate {
  readonly format: typeof CERTIFICATE_FORMAT;
  /** The configuration that defines the space, the score and the budgets, as the caller gives it. */
  readonly config: unknown;
  /** No network of the space within the budgets scores more: the greatest of the proofs' bounds. Null: there is no such network. */
  readonly upperBound: number | null;
  /** One a resolution of the space. */
  readonly proofs: readonly ChainProof[];
  /** The best network found, or null; its score and costs are the ordinary code's, to the last bit. */
  readonly best: BoundNetwork | null;
}

/** The certificate of a state of the solver, before its next step. */
export function certificateOf(config: unknown, state: BoundState): Certificate {
  const proofs = state.prove();
  const bounds = proofs.flatMap((proof) => proof.bound ?? []);
  return {
    format: CERTIFICATE_FORMAT,
    config,
    upperBound: bounds.length === 0 ? null : bounds.reduce((most, bound) => Math.max(most, bound)),
    proofs,
    best: state.networks[0] ?? null,
  };
}

const cost = z.number().min(0);
/** By the table of costs as it is. */
const schemaOf = () =>
  z.strictObject({
    format: z.literal(CERTIFICATE_FORMAT),
    config: z.unknown(),
    upperBound: z.number().nullable(),
    proofs: z
      .array(
        z.strictObject({
          resolution: z.number().int().min(1),
          by: z.enum(["multipliers", "enumeration"]),
          bound: z.number().nullable(),
          multipliers: z.partialRecord(
            z.enum([...sumsOf(undefined).map(({ name }) => name), "flashDeployed", "latency", "energy"]),
            cost,
          ),
        }),
      )
      .min(1),
    best: z
      .strictObject({
        resolution: z.number().int().min(1).max(65536),
        structure: z.unknown(),
        score: z.number(),
        costs: z.strictObject({
          ...(Object.fromEntries(costNames.map((name) => [name, cost])) as Record<OwnCost, typeof cost>),
          ...({
            flashDeployed: cost.optional(),
            arena: cost.optional(),
            latency: cost.optional(),
            energy: cost.optional(),
          } satisfies Record<DeployedCost, unknown>),
        }),
      })
      .nullable(),
  });

/**
 * Reads a certificate from its JSON value; its configuration stays as it is, unchecked.
 * @param where names it in messages
 * @throws UserError with the path of what is not as it should be
 */
export function parseCertificate(value: unknown, where: string): Certificate {
  const { best, ...rest } = parseFields(schemaOf(), value, where, "the certificate");
  if (best === null) return { ...rest, best };
  return {
    ...rest,
    best: { ...best, structure: parseStructure(best.structure, `${where}: best.structure`) },
  } as Certificate;
}
