import type Database from "better-sqlite3";

/** An archive's file with its connection. */
export interface OpenFile {
  readonly path: string;
  readonly db: Database.Database;
  /** Of its schema. */
  readonly version: number;
}
