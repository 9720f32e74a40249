import { join } from 'node:path';
import Database from 'better-sqlite3';
import { RatchetError } from '#engine/errors.ts';
import { migrations } from './migrations.ts';

export type ForgeDatabase = Database.Database;

/** Opens `<dir>/forge.sqlite` (write-ahead log, durable commits) and brings its tables to the newest version. */
export function openDatabase(dir: string): ForgeDatabase {
  const database = new Database(join(dir, 'forge.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 5000');
  migrate(database);
  return database;
}

function migrate(database: ForgeDatabase): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    database.close();
    throw new RatchetError(
      'forge/newer-database',
      `The forge's database is of version ${version}, this program knows up to ${migrations.length}.`,
      'Start it with the newer program that wrote it.',
    );
  }
  for (let next = version; next < migrations.length; next += 1) {
    database.transaction(() => {
      database.exec(migrations[next]!);
      database.pragma(`user_version = ${next + 1}`);
    })();
  }
}
