import type { ForgeDatabase } from './open-database.ts';

/** What SQLite holds without translation. */
export type Column = string | number | null;

/** Inserts one row and returns its id. Table and column names come from our own code, values are bound. */
export function insertRow(database: ForgeDatabase, table: string, row: Readonly<Record<string, Column>>): number {
  const columns = Object.keys(row);
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`;
  return Number(database.prepare(sql).run(row).lastInsertRowid);
}

/** Changes the columns named in `changes` of the row whose `key` is `id`; no column, no statement. */
export function updateRow(
  database: ForgeDatabase,
  table: string,
  key: string,
  id: number,
  changes: Readonly<Record<string, Column>>,
): void {
  const columns = Object.keys(changes);
  if (columns.length === 0) return;
  const assignments = columns.map((column) => `${column} = @${column}`).join(', ');
  database.prepare(`UPDATE ${table} SET ${assignments} WHERE ${key} = @row_key`).run({ ...changes, row_key: id });
}
