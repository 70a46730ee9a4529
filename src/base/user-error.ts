/** A mistake the user can mend: one short message with what was expected, what was got and what to do. The CLI exits with 2. */
export class UserError extends Error {
  override readonly name = "UserError";
}
