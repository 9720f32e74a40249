import { nightsOf, readLedgerFrom } from '#bot/evidence/ledger.ts';
import { MERGE_LOGS_FOLDER, type MergeRecord, parseMergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import { spending } from '#bot/proposers/claude/spending.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { parseReport, reportBounds, reportPath } from '#engine/runtime/report.ts';
import type { PeriodFacts } from './period.ts';

const DAY_MS = 86_400_000;

/**
 * The facts of the last days. Nights and trades are of the market's days up to `asOf`, merges and cost of the clock's days up to `now`:
 * in a replay the two lie years apart.
 * @param days how many @param asOf market time, UTC milliseconds; null for as far as the engine has come, or `now` before it has
 * @param dir the bot's own folder, with the budget of models; null where there is none
 */
export async function gatherPeriod(
  state: StateReader,
  {
    days,
    asOf,
    now,
    dir,
  }: { readonly days: number; readonly asOf: number | null; readonly now: number; readonly dir: string | null },
): Promise<PeriodFacts> {
  const published = await state.readText(reportPath);
  const report = published === null ? null : parseReport(published);
  const end = asOf ?? report?.asOf ?? now;
  const first = dayOf(end - (days - 1) * DAY_MS);
  const within = (market: number): boolean => dayOf(market) >= first && market <= end;
  const isOfPeriod = (cycle: string): boolean => {
    const [from, to] = [first, dayOf(end)].map((day) => day.replaceAll('-', ''));
    const day = cycle.slice(0, 8);
    return day >= from! && day <= to!;
  };
  return {
    report,
    days,
    nights: nightsOf(await readLedgerFrom(state)).filter(({ cycle }) => isOfPeriod(cycle)),
    trades: (report?.strategies ?? []).map(({ id, trades }) => ({
      id,
      trades: trades.filter(({ exitTime }) => within(exitTime)),
      mayLackOlder: trades.length === reportBounds.trades && within(trades[0]!.exitTime),
    })),
    merged: (await mergesIn(state)).filter(({ mergedAt }) => {
      const at = Date.parse(mergedAt);
      return at <= now && dayOf(at) >= dayOf(now - (days - 1) * DAY_MS);
    }),
    spent: dir === null ? null : spending(dir, dayOf(now - (days - 1) * DAY_MS), dayOf(now)),
  };
}

async function mergesIn(state: StateReader): Promise<readonly MergeRecord[]> {
  const paths = (await state.list(MERGE_LOGS_FOLDER)).filter((path) => path.endsWith('.json'));
  const records = await Promise.all(paths.map(async (path) => parseMergeRecord(path, (await state.readText(path)) ?? '')));
  return records.toSorted((a, b) => Date.parse(a.mergedAt) - Date.parse(b.mergedAt));
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
