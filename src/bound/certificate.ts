import type { ChainProof } from "./chain-bound.ts";
import type { BoundNetwork } from "./incumbents.ts";
import type { BoundState } from "./solve.ts";

export const CERTIFICATE_FORMAT = "qe-search bound certificate 1";

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

/** The certificate of a state of the solver. */
export function certificateOf(config: unknown, state: BoundState): Certificate {
  const finite = Number.isFinite(state.upperBound);
  if (!finite && state.upperBound > 0) throw new Error("certificate: the solver has no bound yet; let it go on");
  return {
    format: CERTIFICATE_FORMAT,
    config,
    upperBound: finite ? state.upperBound : null,
    proofs: state.proofs,
    best: state.networks[0] ?? null,
  };
}
