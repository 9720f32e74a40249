import { existsSync } from 'node:fs';
import { nightsOf, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { day } from '#bot/evidence/numbers.ts';
import { publishedForward } from '#bot/gates/forward-evidence.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { enginePaths } from '#engine/runtime/options.ts';
import { parseReport, reportBounds, reportPath, type StrategyReport } from '#engine/runtime/report.ts';
import { openReader } from '#engine/store/engine-reader.ts';
import { gatherBreaches } from './gather-breaches.ts';
import { type AskedForge, gatherPullRequests } from './gather-pull-requests.ts';
import { type LastDays, lastDays } from './last-days.ts';
import type { PeriodFacts, StrategyTrades } from './period.ts';

export interface PeriodSources {
  readonly repository: Repository;
  readonly state: StateReader;
  /** Folder of the engine's record; null where it is not on this machine. */
  readonly record: string | null;
  /** The bot's own folder, with the budget of models; null where there is none. */
  readonly dir: string | null;
  readonly forge: AskedForge;
}

export interface Period {
  /** How many. */
  readonly days: number;
  /** Market time, UTC milliseconds; null for as far as the engine has come, or `now` before it has. */
  readonly asOf: number | null;
  /** The clock's time, UTC milliseconds. */
  readonly now: number;
}

/**
 * The facts of the last days. Nights, trades and breaches are of the market's days up to `asOf`, pull requests and cost of the clock's days
 * up to `now`: in a replay the two lie years apart.
 */
export async function gatherPeriod(sources: PeriodSources, { days, asOf, now }: Period): Promise<PeriodFacts> {
  const { state, dir, forge } = sources;
  const published = await state.readText(reportPath);
  const report = published === null ? null : parseReport(published);
  const end = asOf ?? report?.asOf ?? now;
  const [market, clock] = [lastDays(days, end), lastDays(days, now)];
  const ledger = await readLedgerFrom(state);
  const held = new Set(recordsOf(ledger, 'night-began').flatMap(({ cycle, entry }) => (market.holds(entry.asOf) ? [cycle] : [])));
  const nights = nightsOf(ledger).filter(({ cycle }) => held.has(cycle));
  const pulls = await gatherPullRequests({ state, ledger, nights, forge, days: clock });
  const running = report?.strategies ?? [];
  const strategies = [
    ...new Set([...running, ...nightsOf(ledger).map(({ strategy }) => ({ id: strategy }))].map(({ id }) => id)),
  ];
  // A budget counts by whole days: the first of them is not all of it within the period.
  const paid = { from: day(clock.from), to: day(clock.to) };
  return {
    report,
    days,
    until: { market: end, clock: now },
    nights,
    trades: tradesIn(sources.record, running, market),
    pulls,
    breaches: await gatherBreaches({ ...sources, ledger, nights, strategies, pulls, market, clock, asOf: end, now }),
    forward: await publishedForward(state),
    spent: dir === null ? null : { ...paid, models: spending(dir, paid.from, paid.to) },
  };
}

/** From the engine's record where it is at hand; it publishes its newest trades only. */
function tradesIn(record: string | null, running: readonly StrategyReport[], market: LastDays): readonly StrategyTrades[] {
  const reader = record === null || !existsSync(enginePaths(record).status) ? null : openReader(record);
  try {
    const recorded = reader?.trades(market.to) ?? null;
    return running.map(({ id, trades }) => ({
      id,
      trades: (recorded?.filter(({ strategy }) => strategy === id) ?? trades)
        .filter(({ exitTime }) => market.holds(exitTime))
        .map(({ exitTime, netResult, fees }) => ({ exitTime, netResult, fees })),
      mayLackOlder: recorded === null && trades.length === reportBounds.trades && trades[0]!.exitTime > market.from,
    }));
  } finally {
    reader?.close();
  }
}
