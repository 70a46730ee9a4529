/** What can be done about an error besides what its message says; each program that shows errors words them its own way. */
export type Remedy =
  /** Go on with the run from its last checkpoint. */
  | "resume"
  /** Extend a finished run by more children. */
  | "extend"
  /** Start a search. */
  | "search"
  /** Use another archive. */
  | "otherArchive"
  /** Take the archive over from a machine that is gone. */
  | "unlock"
  /** Verify the archive, which tells more. */
  | "verify"
  /** Allow more memory, or more time. */
  | "moreMemory"
  | "moreTime"
  /** Give a file of a configuration in the place of a name. */
  | "configFile"
  /** See which devices and tasks there are. */
  | "devices"
  /** Take a broker that asks for no password. */
  | "insecure";

/** A mistake the user can mend: one short message with what was expected, what was got and what to do. The CLI exits with 2. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly remedies: readonly Remedy[];

  constructor(message: string, ...remedies: readonly Remedy[]) {
    super(message);
    this.remedies = remedies;
  }
}
