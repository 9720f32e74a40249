import { type LedgerReading, nightsOf, recordsOf } from '#bot/evidence/ledger.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import type { Repository } from '#engine/repository/repository.ts';
import { packBlobsOnMain, packIn, packsOnMain } from './packs-on-main.ts';
import type { RunRecord } from './run-record.ts';

const BLOB_DIGITS = 12;

/** Every trial that ended, in the ledger's order. */
export function runsOfTrials(ledger: LedgerReading): readonly RunRecord[] {
  return nightsOf(ledger).flatMap(({ cycle, strategy }) => {
    const own = { entries: ledger.entries.filter((record) => record.cycle === cycle) };
    const planned = recordsOf(own, 'trials-planned').flatMap(({ entry }) => entry.trials);
    const labels = new Map(planned.map(({ trial, label }) => [trial, label]));
    return recordsOf(own, 'trial').map(({ entry: { trial, outcome, reason, resultId, netReturn } }) => ({
      schema: 'ratchet/run/1' as const,
      id: `trial:${cycle}:${trial}`,
      cycle,
      strategy,
      label: labels.get(trial) ?? '',
      outcome,
      reason,
      resultId,
      metrics: { netReturn },
      setting: null,
      parameters: null,
      files: null,
      search: null,
    }));
  });
}

/** Candidate and incumbent of one pack, each on both spans. @param blob git's name of the pack's bytes */
export function runsOfPack(pack: Pack, blob: string): readonly RunRecord[] {
  const { trials, trialsEver, trialsEffective } = pack.search;
  return (['candidate', 'incumbent'] as const).flatMap((version) =>
    (['development', 'selection'] as const).map((span) => ({
      schema: 'ratchet/run/1' as const,
      id: `pack:${blob.slice(0, BLOB_DIGITS)}:${version}:${span}`,
      cycle: pack.cycle,
      strategy: version === 'candidate' ? pack.strategy : pack.against,
      label: `${version}, ${span} data`,
      outcome: 'scored' as const,
      reason: null,
      resultId: pack[version][span].resultId,
      metrics: pack[version][span].metrics,
      setting: {
        dataset: digestOf(canonicalJson(pack.dataset)),
        markets: digestOf(canonicalJson(pack.markets)),
        from: pack.spans[span].from,
        to: pack.spans[span].to,
        capital: pack.capital,
        semantics: pack.semantics,
        seed: pack.seed,
      },
      parameters: pack[version].parameters,
      files: version === 'candidate' ? pack.files : null,
      search: { trials, trialsEver, trialsEffective },
    })),
  );
}

/** Runs of every pack that was ever on main; packs of another form than today's are counted and left out. */
export async function runsOnMain(
  repository: Repository,
): Promise<{ readonly runs: readonly RunRecord[]; readonly unread: number }> {
  const runs: RunRecord[] = [];
  let unread = 0;
  for (const [blob, pack] of await packsOnMain(repository)) {
    if (pack === null) unread += 1;
    else runs.push(...runsOfPack(pack, blob));
  }
  return { runs, unread };
}

/** The pack that a run of `runsOnMain` stands in; null for a trial of the ledger. */
export async function packOfRun(repository: Repository, run: RunRecord): Promise<Pack | null> {
  const [kind, digits] = run.id.split(':');
  if (kind !== 'pack') return null;
  const blob = (await packBlobsOnMain(repository)).find((one) => one.slice(0, BLOB_DIGITS) === digits);
  return blob === undefined ? null : packIn(repository, blob);
}
