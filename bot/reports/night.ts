import { type LedgerReading, type Night, nightsOf, recordsOf } from '#bot/evidence/ledger.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { counted, signedPercent } from '#bot/evidence/numbers.ts';
import { RatchetError } from '#engine/errors.ts';

const TRIALS_SHOWN = 10;

export interface NightFacts {
  readonly night: Night;
  /** Market time up to which it looked. */
  readonly asOf: number;
  /** Where its proposal stands; null where there is none. */
  readonly branch: string | null;
  readonly best: readonly {
    readonly trial: number;
    readonly label: string;
    readonly netReturn: number;
    readonly resultId: string | null;
  }[];
}

/** One night, or the newest, as the ledger has it. @throws RatchetError `reports/no-night` */
export function nightFacts(ledger: LedgerReading, cycle: string | null): NightFacts {
  const nights = nightsOf(ledger);
  const night = cycle === null ? nights.at(-1) : nights.find((one) => one.cycle === cycle);
  if (night === undefined) {
    const sentence = cycle === null ? 'There has been no night yet.' : 'The ledger knows no such night.';
    throw new RatchetError('reports/no-night', sentence, 'ratchet ledger show lists what there is.', { cycle: cycle ?? '' });
  }
  const own = { entries: ledger.entries.filter((record) => record.cycle === night.cycle) };
  const planned = recordsOf(own, 'trials-planned').flatMap(({ entry }) => entry.trials);
  const labels = new Map(planned.map(({ trial, label }) => [trial, label]));
  const best = recordsOf(own, 'trial')
    .flatMap(({ entry: { trial, netReturn, resultId } }) =>
      netReturn === null ? [] : [{ trial, label: labels.get(trial) ?? '', netReturn, resultId }],
    )
    .toSorted((a, b) => b.netReturn - a.netReturn || a.trial - b.trial)
    .slice(0, TRIALS_SHOWN);
  return {
    night,
    asOf: recordsOf(own, 'night-began')[0]!.entry.asOf,
    branch: recordsOf(own, 'night-ended').at(-1)?.entry.branch ?? null,
    best,
  };
}

/** Markdown. */
export function nightReport({ night, branch, best }: NightFacts): string {
  const { cycle, strategy, proposer, decision, reason, planned, scored, rejected, asked, above } = night;
  const rows = best.map(({ trial, label, netReturn }) => [String(trial), signedPercent(netReturn), text(label)]);
  return [
    `# Night ${cycle}`,
    `${code(strategy)} by ${code(proposer)}: **${decision === null ? 'not ended' : code(decision)}**. ${text(reason ?? '')}`.trimEnd(),
    `${counted(planned, 'trial')} planned, ${scored} scored, ${rejected} refused; ${above} of ${counted(asked, 'question')} to the selection data were answered with yes.`,
    branch === null ? 'It left no proposal.' : `Its proposal stands on ${code(branch)}.`,
    ...(rows.length === 0
      ? []
      : [
          `The best on the development data, which prove nothing by themselves:\n\n${table(
            [
              { title: 'Trial', alignment: 'right' },
              { title: 'Net return', alignment: 'right' },
              { title: 'What it changes', alignment: 'left' },
            ],
            rows,
          )}`,
        ]),
  ].join('\n\n');
}
