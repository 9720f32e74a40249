import { type LedgerReading, type Night, recordsOf } from '#bot/evidence/ledger.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { ListedProposal } from '#bot/github/discussions-api.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { DECISIONS_FOLDER, readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { MERGE_LOGS_FOLDER, type MergeRecord, parseMergeRecord } from '#bot/orchestrator/life/merge-log.ts';
import { explain } from '#engine/errors.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { LastDays } from './last-days.ts';
import type { ForgePulls, ListedPull, PullRequestFacts } from './pull-requests.ts';

/** What a forge is asked for a report; null in its place, and why, where it cannot be asked. */
export type AskedForge = Pick<RepositoryApi, 'discussions' | 'checkConclusions'> | { readonly problem: string };

interface PullSources {
  readonly state: StateReader;
  readonly ledger: LedgerReading;
  /** Those of the days. */
  readonly nights: readonly Night[];
  readonly forge: AskedForge;
  /** The clock's days. */
  readonly days: LastDays;
}

/** What became of pull requests: from the records on the state branch, and from the forge where it can be asked. */
export async function gatherPullRequests({ state, ledger, nights, forge, days }: PullSources): Promise<PullRequestFacts> {
  const records = await mergesIn(state);
  const merged = records.filter(({ mergedAt }) => days.holds(Date.parse(mergedAt)));
  return {
    proposed: proposalsOf(ledger, nights),
    merged,
    closed: await closedByDecision(state, days, new Set(records.map(({ number }) => number))),
    forge: await askForge(forge, days, records),
  };
}

function proposalsOf(ledger: LedgerReading, nights: readonly Night[]): PullRequestFacts['proposed'] {
  const cycles = new Set(nights.map(({ cycle }) => cycle));
  return recordsOf(ledger, 'night-ended').flatMap(({ cycle, entry: { branch } }) =>
    branch === undefined || !cycles.has(cycle) ? [] : [{ cycle, branch }],
  );
}

async function closedByDecision(
  state: StateReader,
  days: LastDays,
  merged: ReadonlySet<number>,
): Promise<PullRequestFacts['closed']> {
  const paths = await state.list(DECISIONS_FOLDER);
  const numbers = paths.flatMap((path) => /\/([1-9]\d*)\.json$/.exec(path)?.[1] ?? []).map(Number);
  const closed: PullRequestFacts['closed'][number][] = [];
  for (const number of numbers.filter((one) => !merged.has(one)).sort((a, b) => a - b)) {
    const last = (await readDecisions(state, number)).findLast(({ kind }) => kind === 'close');
    if (last !== undefined && days.holds(Date.parse(last.at))) closed.push({ number, by: last.by, at: Date.parse(last.at) });
  }
  return closed;
}

async function askForge(forge: AskedForge, days: LastDays, records: readonly MergeRecord[]): Promise<PullRequestFacts['forge']> {
  if ('problem' in forge) return forge;
  try {
    const pulls = (await forge.discussions.proposals(() => true)).toReversed();
    const happened = (at: string | null): boolean => at !== null && days.holds(Date.parse(at));
    const recorded = new Set(records.map(({ number }) => number));
    const wereClosed = pulls.filter(({ mergedAt, closedAt }) => mergedAt === null && happened(closedAt));
    const wereOpened = pulls.filter(({ openedAt }) => happened(openedAt));
    const waiting = pulls.filter(({ state }) => state === 'open');
    const refused: ForgePulls['refused'][number][] = [];
    for (const pull of new Set([...wereOpened, ...wereClosed, ...waiting].filter(({ mergedAt }) => mergedAt === null))) {
      const gates = refusing(await forge.checkConclusions(pull.headSha));
      if (gates.length > 0) refused.push({ ...listed(pull, pull.closedAt ?? pull.openedAt), gates });
    }
    return {
      opened: wereOpened.map((pull) => listed(pull, pull.openedAt)),
      closed: wereClosed.map((pull) => listed(pull, pull.closedAt)),
      unrecorded: pulls
        .filter(({ number, mergedAt }) => happened(mergedAt) && !recorded.has(number))
        .map((pull) => listed(pull, pull.mergedAt)),
      refused,
      waiting: waiting.length,
    };
  } catch (error) {
    // A forge that is away leaves a report without its part, not a person without a report.
    return { problem: explain(error) };
  }
}

/** The gates that did not pass where the final one did not; skipped ones stand behind another's refusal. */
function refusing({ [FINAL_GATE]: final, ...gates }: Readonly<Record<string, string>>): readonly string[] {
  if (final === undefined || final === 'success') return [];
  const own = Object.entries(gates).flatMap(([gate, conclusion]) => (conclusion === 'failure' ? [gate] : []));
  return own.length === 0 ? [FINAL_GATE] : own;
}

function listed({ number, headRef, author }: ListedProposal, at: string | null): ListedPull {
  return { number, branch: headRef, author, at: Date.parse(at!) };
}

async function mergesIn(state: StateReader): Promise<readonly MergeRecord[]> {
  const paths = (await state.list(MERGE_LOGS_FOLDER)).filter((path) => path.endsWith('.json'));
  const records = await Promise.all(paths.map(async (path) => parseMergeRecord(path, (await state.readText(path)) ?? '')));
  return records.toSorted((a, b) => Date.parse(a.mergedAt) - Date.parse(b.mergedAt));
}
