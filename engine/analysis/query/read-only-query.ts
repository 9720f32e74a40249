import type Database from 'better-sqlite3';
import type { Row, Value } from '#engine/contract/analysis.ts';
import { RatchetError } from '#engine/errors.ts';
import type { QueryLimits, Question } from './material.ts';

const SQL_CHARACTERS_MAX = 4_000;
const SQL_SHOWN = 120;

/** Answers questions about one database, and does nothing else to it. */
export class ReadOnlyQuery {
  readonly #database: Database.Database;
  readonly #limits: QueryLimits;

  constructor(database: Database.Database, limits: QueryLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /**
   * The rows of one statement that SQLite itself says reads only.
   * @throws RatchetError `analysis/query-refused` for any other statement, `analysis/query` for one that fails, `analysis/query-limit`
   *   for an answer of too many rows or bytes
   */
  rows({ sql, parameters }: Question): readonly Row[] {
    const statement = this.#prepare(sql);
    const rows: Row[] = [];
    let bytes = 0;
    try {
      for (const row of statement.iterate(...parameters)) {
        const checked = this.#checked(sql, row as Record<string, unknown>);
        bytes += checked.bytes;
        rows.push(checked.row);
        if (rows.length > this.#limits.rows) throw tooMuch(sql, `more than ${this.#limits.rows} rows`);
        if (bytes > this.#limits.bytes) throw tooMuch(sql, `more than ${this.#limits.bytes} bytes`);
      }
    } catch (error) {
      throw error instanceof RatchetError ? error : failed(sql, error);
    }
    return rows;
  }

  #prepare(sql: string): Database.Statement<unknown[]> {
    if (sql.length > SQL_CHARACTERS_MAX) throw refused(sql, `it has more than ${SQL_CHARACTERS_MAX} characters`);
    if (!/^\s*(?:select|with|values)\b/i.test(sql)) throw refused(sql, 'it does not begin with SELECT, WITH or VALUES');
    const statement = this.#compiled(sql);
    if (!statement.readonly) throw refused(sql, 'it would write');
    if (!statement.reader) throw refused(sql, 'it gives no rows');
    return statement;
  }

  #compiled(sql: string): Database.Statement<unknown[]> {
    try {
      return this.#database.prepare<unknown[]>(sql);
    } catch (error) {
      if (error instanceof RangeError) throw refused(sql, 'it is not exactly one statement');
      throw failed(sql, error);
    }
  }

  #checked(sql: string, row: Record<string, unknown>): { readonly row: Row; readonly bytes: number } {
    let bytes = 0;
    for (const [name, value] of Object.entries(row)) {
      if (!isValue(value)) throw refused(sql, `its column ${name} holds what is neither text, nor a finite number, nor null`);
      bytes += name.length + (typeof value === 'string' ? value.length : 8);
    }
    return { row: row as Row, bytes };
  }
}

function isValue(value: unknown): value is Value {
  return value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));
}

function shown(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ').trim();
  return line.length > SQL_SHOWN ? `${line.slice(0, SQL_SHOWN)}…` : line;
}

function refused(sql: string, why: string): RatchetError {
  return new RatchetError(
    'analysis/query-refused',
    `The statement is refused, ${why}: ${shown(sql)}`,
    'Ask one SELECT about the tables of the schema.',
    { sql },
  );
}

function failed(sql: string, cause: unknown): RatchetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RatchetError('analysis/query', `The statement fails, ${why}: ${shown(sql)}`, 'Mend it.', { sql }, cause);
}

function tooMuch(sql: string, what: string): RatchetError {
  return new RatchetError(
    'analysis/query-limit',
    `The statement gives ${what}: ${shown(sql)}`,
    'Let SQL do the counting: group, or ask for less.',
    { sql },
  );
}
