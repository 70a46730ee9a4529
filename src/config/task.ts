import * as z from "zod";
import { parseFields } from "./issues.ts";

/** The keys of a configuration that a task may fill in; the configuration's schema checks what they hold. */
const schema = z.strictObject({
  name: z.string().min(1).max(48),
  title: z.string().max(200).default(""),
  source: z.string().max(1000).default(""),
  input: z.unknown().optional(),
  classes: z.unknown().optional(),
  space: z.unknown().optional(),
  score: z.unknown().optional(),
  budgets: z.unknown().optional(),
});

/** What a network is for, as presets/tasks/NAME.yaml or a file of one's own has it: the part of a configuration that follows from it. */
export interface Task {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Checks the keys of what a task file holds.
 * @param where names it in messages
 * @throws UserError with every wrong key and the nearest right one
 */
export function parseTask(value: unknown, where: string): Task {
  const { name, title, source, ...config } = parseFields(schema, value, where, "the task");
  return { name, title, source, config };
}
