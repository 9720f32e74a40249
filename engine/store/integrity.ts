import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { newestBackup } from './backups.ts';

/** Up to this size a start looks through the whole file: about a second. */
const wholeUpToBytes = 256 * 2 ** 20;
/** What grows with every bar: of a larger file a start leaves these to `ratchet engine verify`. */
const bulky: readonly string[] = ['decisions', 'decisionTiers', 'equity', 'equityTiers', 'orders', 'denials', 'decisionTraces'];
const Findings = z.array(z.string());

/**
 * What a start looks at, in bounded time: the order and shape of all pages of a file of common size; of a larger one only the tables
 * without which nothing can be traded.
 * @returns what is wrong; empty when all is well
 */
export function quickCheck(database: Database.Database): string[] {
  if (sizeOf(database) <= wholeUpToBytes) return check(database, 'quick_check(1)');
  const names = database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  return z
    .array(z.string())
    .parse(names)
    .filter((name) => !bulky.includes(name))
    .flatMap((name) => check(database, `quick_check('${name}')`));
}

/** Everything: pages, indices against their tables, and that nothing points at a row that is not there. Reads the whole file. */
export function fullCheck(database: Database.Database): string[] {
  return [...check(database, 'integrity_check(20)'), ...orphans(database)];
}

/** One clear error for whatever is wrong with the file itself. Nothing is mended, moved or written over. */
export function damaged(dir: string, path: string, why: string, cause?: unknown): RatchetError {
  const backup = newestBackup(dir);
  return new RatchetError(
    'store/damaged',
    `The engine's store ${path} cannot be opened: ${why}. It was left as it is.`,
    backup === null
      ? 'There is no backup in its folder: keep the file for a look, and restore one from elsewhere with ratchet restore FILE.'
      : `The newest backup is of ${backup.time}: ratchet restore ${backup.file}`,
    { path, backup: backup?.file ?? null },
    cause,
  );
}

/** Of a file that is broken badly enough the question itself fails: that is an answer too. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

function check(database: Database.Database, pragma: string): string[] {
  try {
    const rows = Findings.parse((database.pragma(pragma) as Record<string, unknown>[]).map((row) => Object.values(row)[0]));
    return rows.length === 1 && rows[0] === 'ok' ? [] : rows;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [error.message];
  }
}

function orphans(database: Database.Database): string[] {
  try {
    const rows = database.pragma('foreign_key_check') as { table: string; parent: string }[];
    return rows.slice(0, 20).map(({ table, parent }) => `a row of ${table} points at a row of ${parent} that is not there`);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [error.message];
  }
}

/** Bytes. */
function sizeOf(database: Database.Database): number {
  const pragma = (name: string) => Number(database.pragma(name, { simple: true }));
  return pragma('page_count') * pragma('page_size');
}
