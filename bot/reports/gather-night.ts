import { type LedgerReading, type Night, nightsOf, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { PACK_PATH, type Pack } from '#bot/evidence/pack.ts';
import { packsOnMain, parsePack } from '#bot/runs/packs-on-main.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { exchangesOf } from './night/cost.ts';
import { keptWork, type NightPlaces } from './night/kept-work.ts';
import type { Tried } from './night/tried.ts';
import type { NightFacts } from './night.ts';

export interface NightSources {
  readonly repository: Repository;
  readonly state: StateReader;
  /** Null where nights are kept elsewhere. */
  readonly places: NightPlaces | null;
  /** The bot's own folder, with what models were asked; null where there is none. */
  readonly dir: string | null;
}

/**
 * What is known of one night, or of the newest: from the ledger, from what it wrote down while it went on, and where that is gone from the
 * evidence of its proposal.
 * @throws RatchetError `reports/no-night`
 */
export async function gatherNight({ repository, state, places, dir }: NightSources, cycle: string | null): Promise<NightFacts> {
  const ledger = await readLedgerFrom(state);
  const night = nightIn(ledger, cycle);
  const own = { entries: ledger.entries.filter((record) => record.cycle === night.cycle) };
  const began = recordsOf(own, 'night-began')[0]!.entry;
  const branch = recordsOf(own, 'night-ended').at(-1)?.entry.branch ?? null;
  const work = await keptWork(night.cycle, places);
  return {
    night,
    asOf: began.asOf,
    hint: began.hint ?? null,
    branch,
    trials: trialsIn(own),
    canaries: recordsOf(own, 'canary').map(({ entry: { kind: _, ...canary } }) => canary),
    work,
    pack: 'problem' in work ? await packOf(night, branch, repository) : null,
    exchanges: dir === null ? null : exchangesOf(night.cycle, dir),
  };
}

function nightIn(ledger: LedgerReading, cycle: string | null): Night {
  const nights = nightsOf(ledger);
  const night = cycle === null ? nights.at(-1) : nights.find((one) => one.cycle === cycle);
  if (night !== undefined) return night;
  const sentence = cycle === null ? 'There has been no night yet.' : 'The ledger knows no such night.';
  throw new RatchetError('reports/no-night', sentence, 'ratchet ledger show lists what there is.', { cycle: cycle ?? '' });
}

function trialsIn(own: Pick<LedgerReading, 'entries'>): readonly Tried[] {
  const results = new Map(recordsOf(own, 'trial').map(({ entry }) => [entry.trial, entry]));
  return recordsOf(own, 'trials-planned').flatMap(({ entry }) =>
    entry.trials.map(({ trial, label }): Tried => {
      const result = results.get(trial);
      if (result === undefined) return { trial, label, outcome: 'unfinished', netReturn: null, resultId: null, reason: null };
      const { outcome, netReturn, resultId, reason } = result;
      return { trial, label, outcome, netReturn, resultId, reason };
    }),
  );
}

/** The evidence of what a night proposed: from its branch while it stands, and from main when it was merged. */
async function packOf({ cycle, decision }: Night, branch: string | null, repository: Repository): Promise<Pack | null> {
  if (decision === null || decision === 'NO_CHANGE') return null;
  const strategy = branch?.split('/')[1];
  const tip = branch === null ? null : await repository.resolve(branch);
  if (tip !== null && strategy !== undefined) {
    const bytes = await repository.readFile(tip, `strategies/${strategy}/${PACK_PATH}`);
    const pack = bytes === null ? null : parsePack(Buffer.from(bytes).toString('utf8'));
    if (pack?.cycle === cycle) return pack;
  }
  return [...(await packsOnMain(repository)).values()].find((pack) => pack?.cycle === cycle) ?? null;
}
