import type Database from 'better-sqlite3';

const smallest = (where: (table: string) => string) =>
  `SELECT min(strategy) FROM (SELECT min(strategy) AS strategy FROM equity${where('equity')}
     UNION ALL SELECT min(strategy) FROM equityTiers${where('equityTiers')})`;

/**
 * A table `ran(strategy)` of all that ever ran here and a null, to be put after WITH RECURSIVE. From one strategy to the next along the
 * primary keys: a bar asks this, and must not read every bar before it.
 */
export const RAN = `ran(strategy) AS (
  ${smallest(() => '')}
  UNION ALL SELECT (${smallest((table) => ` WHERE ${table}.strategy > ran.strategy`)}) FROM ran WHERE strategy IS NOT NULL)`;

export function strategiesIn(database: Database.Database): string[] {
  const sql = `WITH RECURSIVE ${RAN} SELECT strategy FROM ran WHERE strategy IS NOT NULL`;
  return database.prepare(sql).pluck().all() as string[];
}
