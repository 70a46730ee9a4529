import { damageError } from "./connection.ts";
import type { OpenFile } from "./open-file.ts";
import { contextSeal, equalBytes } from "./sums.ts";

/** What a score depends on besides the genome; candidates of one context share their scores. */
export interface Context {
  readonly id: number;
  readonly key: string;
}

/** @throws UserError where one is damaged */
export function contexts({ path, db, version }: OpenFile): readonly Context[] {
  const rows = db.prepare("SELECT * FROM context ORDER BY id").all() as (Context & { readonly seal: unknown })[];
  for (const { id, key, seal } of rows) {
    if (version >= 2 && !equalBytes(seal, contextSeal(id, key))) {
      throw damageError(path, [`scoring context ${id} does not match its checksum`]);
    }
  }
  return rows.map(({ id, key }) => ({ id, key }));
}

/** The id of a context, which is added where it is new. @throws UserError where one is damaged */
export function contextId(file: OpenFile, key: string): number {
  const known = contexts(file).find((context) => context.key === key);
  if (known !== undefined) return known.id;
  const id = Number(file.db.prepare("INSERT INTO context (key) VALUES (?)").run(key).lastInsertRowid);
  file.db.prepare("UPDATE context SET seal = ? WHERE id = ?").run(contextSeal(id, key), id);
  return id;
}
