import type * as z from "zod";
import { suggestion } from "../base/suggest.ts";
import { UserError } from "../base/user-error.ts";
import { describe } from "../network/structure.ts";

/**
 * The value as a schema reads it.
 * @param where names the file or preset in messages
 * @param what names the whole value in messages
 * @throws UserError with the path of every wrong key, what was expected, what was there and the nearest right key
 */
export function parseFields<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: string,
  what = "the configuration",
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => issueLines(schema, issue, value, what));
  throw new UserError(lines.map((line) => `${where}: ${line}`).join("\n"));
}

function issueLines(schema: z.ZodType, issue: z.core.$ZodIssue, value: unknown, what: string): string[] {
  if (issue.code === "invalid_union") {
    // The kind of value that it comes nearest to: what is wrong with it is not the value as a whole.
    const near = issue.errors.find((issues) => issues.every((inner) => inner.path.length > 0));
    if (near !== undefined) {
      return near.flatMap((inner) =>
        issueLines(schema, { ...inner, path: [...issue.path, ...inner.path] }, value, what),
      );
    }
  }
  const path = issue.path.map(String).join(".") || what;
  if (issue.code === "unrecognized_keys") {
    const at = issue.path.map(String);
    const known = keysAt(schema, at);
    const { lines, others } =
      at.length === 0 ? misplaced(schema, issue.keys, value) : { lines: [], others: issue.keys };
    const unknown = others.map((key) => {
      const near = suggestion(key, known);
      const place = [...at, key.slice(0, 60)].join(".");
      return `${place}: unknown key; ${near ?? `known keys: ${known.join(", ")}`}`;
    });
    return [...lines, ...unknown];
  }
  const got = issue.path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
  // What is missing stands at the top, and is told of there.
  if (got === undefined && issue.path.length === 1 && hasAtTop(schema, path, value)) return [];
  const expected = issue.message
    .replace(/^Invalid input: expected/, "expected")
    .replace(/^Invalid option: expected/, "expected")
    .replace(/^Invalid discriminator value. Expected/, "expected")
    .replace(/, received .*$/, "")
    .replace(/^Invalid input$/, "expected another value")
    .replace(/^(Too|Invalid)/, (word) => `expected a value that is not ${word.toLowerCase()}`)
    .replace("expected a value that is not too small: expected", "expected")
    .replace("expected a value that is not too big: expected", "expected");
  return [`${path}: ${expected}, got ${describe(got)}`];
}

/** Whether a key of `parent` stands beside it, where the schema has none of that name. */
function hasAtTop(schema: z.ZodType, parent: string, value: unknown): boolean {
  const known = keysAt(schema, []);
  if (typeof value !== "object" || value === null) return false;
  return keysAt(schema, [parent]).some((key) => Object.hasOwn(value, key) && !known.includes(key));
}

/** A line for the keys at the top that are known one level below, by the key that they belong under; and the keys that are not. */
function misplaced(
  schema: z.ZodType,
  keys: readonly string[],
  value: unknown,
): { readonly lines: readonly string[]; readonly others: readonly string[] } {
  const known = keysAt(schema, []);
  const parentOf = (key: string) => known.find((parent) => keysAt(schema, [parent]).includes(key));
  const lines = known.flatMap((parent) => {
    const own = keys.filter((key) => parentOf(key) === parent);
    if (own.length === 0) return [];
    const parts = own.map((key) => `${key}: ${describe((value as Record<string, unknown>)[key])}`);
    return [`${own.join(", ")}: expected under ${parent}; write ${parent}: { ${parts.join(", ")} }`];
  });
  return { lines, others: keys.filter((key) => parentOf(key) === undefined) };
}

/** The keys the schema knows at a path. */
function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const key of path) {
    const shape = shapeOf(at);
    at = shape?.[key];
  }
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(type: unknown): Record<string, unknown> | undefined {
  let at = type as { shape?: Record<string, unknown>; options?: unknown[]; def?: { innerType?: unknown } } | undefined;
  while (at !== undefined) {
    if (at.shape) return at.shape;
    if (at.options) {
      return Object.assign({}, ...at.options.map((option) => shapeOf(option) ?? {})) as Record<string, unknown>;
    }
    at = at.def?.innerType as typeof at;
  }
  return undefined;
}
