import type Database from 'better-sqlite3';
import { dropTraces } from '../decision-traces.ts';
import { Holdings } from './holdings.ts';
import { bucketOf, type DecisionRun, type EquityRun, mergeDecisions, mergeRuns } from './merge-runs.ts';
import { RAN, strategiesIn } from './ran.ts';
import { type Tier, type TierSettings, tiersOf } from './tier-settings.ts';

/** Buckets shorter than this are put together within one transaction. */
const chunkMsMin = 3_600_000;

/** No more than a chunk is done after so long. */
export interface TierBudget {
  /** Wall-clock time, UTC milliseconds. */
  readonly clock: () => number;
  readonly ms: number;
}

/**
 * Takes what has come of age into coarser tiers: a chunk of buckets is put together, written and its parts removed in one transaction, so
 * that a reader finds either the one or the other. Chunk after chunk until all is done or the time is over; called again it goes on there.
 *
 * Of equity a run keeps open, high, low and close, the deepest fall within it, its bars and those at which something was held: figures over
 * whole runs come out as before, to the last bit. Of decisions it keeps how often each was made and its first and last; decisions that became
 * an order stay as they are, for ever, as do orders, denials, fills, trades, deployments and faults.
 * @param now market time, UTC milliseconds
 * @returns whether nothing of age is left
 */
export function keepTiers(database: Database.Database, settings: TierSettings, now: number, budget: TierBudget): boolean {
  const until = budget.clock() + budget.ms;
  for (const tier of tiersOf(settings)) {
    // From chunk to chunk of a tier time rises, and so each fill is read once.
    const holdings = new Map<string, Holdings>();
    for (;;) {
      const chunk = nextChunk(database, tier, now);
      if (chunk === null) break;
      database.transaction(() => takeChunk(database, tier, chunk, holdings)).immediate();
      if (budget.clock() >= until) return false;
    }
  }
  return true;
}

/** Bars that closed after `from` and by `to`. */
interface Chunk {
  readonly from: number;
  readonly to: number;
}

/** The oldest that has come of age and is in no bucket of the tier yet: whole buckets; null when there is none. */
function nextChunk(database: Database.Database, { everyMs, afterMs }: Tier, now: number): Chunk | null {
  const end = Math.floor((now - afterMs) / everyMs) * everyMs;
  const kept =
    (statement(database, 'SELECT upTo FROM tierKept WHERE everyMs = ?').pluck().get(everyMs) as number | undefined) ?? -1;
  if (end <= kept) return null;
  const oldest = statement(
    database,
    `WITH RECURSIVE ${RAN} SELECT min(coalesce(min(bar, run), bar, run)) FROM (SELECT
         (SELECT min(instant) FROM equity WHERE equity.strategy = ran.strategy AND instant > @kept) AS bar,
         (SELECT min(instant) FROM equityTiers WHERE equityTiers.strategy = ran.strategy AND instant > @kept) AS run FROM ran)`,
  )
    .pluck()
    .get({ kept }) as number | null;
  if (oldest === null || oldest > end) return null;
  const from = bucketOf(oldest, everyMs) * everyMs;
  return { from, to: Math.min(end, from + Math.max(everyMs, chunkMsMin)) };
}

function takeChunk(database: Database.Database, { everyMs }: Tier, chunk: Chunk, holdings: Map<string, Holdings>): void {
  for (const strategy of strategiesIn(database)) {
    const rows = runsIn(database, strategy, chunk, holdings);
    for (const { run, parts } of mergeRuns(rows, everyMs, deploymentsOf(database, strategy))) {
      if (parts.length > 1) writeRun(database, run);
    }
  }
  statement(
    database,
    'INSERT INTO tierKept VALUES (@everyMs, @upTo) ON CONFLICT (everyMs) DO UPDATE SET upTo = excluded.upTo',
  ).run({ everyMs, upTo: chunk.to });
}

function deploymentsOf(database: Database.Database, strategy: string): number[] {
  return statement(database, 'SELECT instant FROM deployments WHERE strategy = ? ORDER BY 1').pluck().all(strategy) as number[];
}

function runsIn(database: Database.Database, strategy: string, chunk: Chunk, holdings: Map<string, Holdings>): EquityRun[] {
  const bars = statement(
    database,
    `SELECT instant, value, coalesce((SELECT treeHash FROM decisions AS own
          WHERE own.strategy = equity.strategy AND own.instant = equity.instant LIMIT 1), '') AS treeHash
        FROM equity WHERE strategy = @strategy AND instant > @from AND instant <= @to ORDER BY instant`,
  ).all({ ...chunk, strategy }) as { instant: number; value: number; treeHash: string }[];
  const runs = statement(
    database,
    'SELECT * FROM equityTiers WHERE strategy = @strategy AND instant > @from AND instant <= @to',
  ).all({ ...chunk, strategy }) as EquityRun[];
  const held = holdings.get(strategy) ?? new Holdings(database, strategy, chunk.from);
  holdings.set(strategy, held);
  held.readTo(chunk.to);
  const single = bars.map(({ instant, value, treeHash }): EquityRun => {
    const money = { open: value, high: value, low: value, close: value, fall: 0 };
    return { strategy, instant, first: instant, treeHash, ...money, bars: 1, held: held.isHeldAt(instant) ? 1 : 0 };
  });
  return [...single, ...runs].sort((left, right) => left.instant - right.instant);
}

/** In the place of its parts, with the decisions made at its bars. */
function writeRun(database: Database.Database, run: EquityRun): void {
  const within = { strategy: run.strategy, first: run.first, instant: run.instant };
  const where = 'strategy = @strategy AND instant >= @first AND instant <= @instant';
  statement(database, `DELETE FROM equity WHERE ${where}`).run(within);
  statement(database, `DELETE FROM equityTiers WHERE ${where}`).run(within);
  insert(database, 'equityTiers', run);
  const ended = `${where} AND NOT EXISTS (SELECT 1 FROM orders WHERE decision = decisions.id)
    AND NOT EXISTS (SELECT 1 FROM denials WHERE decision = decisions.id)`;
  const columns = 'strategy, symbol, instant, treeHash, action, reason, outcome';
  const rows = statement(
    database,
    `SELECT ${columns}, instant AS first, 1 AS times FROM decisions WHERE ${ended}
       UNION ALL SELECT ${columns}, first, times FROM decisionTiers WHERE ${where} ORDER BY instant, symbol`,
  ).all(within) as DecisionRun[];
  statement(database, `DELETE FROM decisions WHERE ${ended}`).run(within);
  dropTraces(database, within);
  statement(database, `DELETE FROM decisionTiers WHERE ${where}`).run(within);
  for (const decision of mergeDecisions(rows)) insert(database, 'decisionTiers', decision);
}

function insert(database: Database.Database, table: string, row: EquityRun | DecisionRun): void {
  const names = Object.keys(row);
  statement(database, `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`).run(
    row,
  );
}

const statements = new WeakMap<Database.Database, Map<string, Database.Statement>>();

/** Compiled once: a portion runs the same few for each of its runs. */
function statement(database: Database.Database, sql: string): Database.Statement {
  const known = statements.get(database) ?? new Map<string, Database.Statement>();
  statements.set(database, known);
  const found = known.get(sql) ?? database.prepare(sql);
  known.set(sql, found);
  return found;
}
