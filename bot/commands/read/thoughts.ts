import { type LedgerReading, type Night, nightsOf, readLedgerFrom, recordsOf } from '#bot/evidence/ledger.ts';
import { code, table, text } from '#bot/evidence/markdown.ts';
import { counted, signedPercent } from '#bot/evidence/numbers.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { quoted } from '../quoted.ts';
import { describeExchanges } from './exchanges.ts';

/** More than anybody reads in a comment; `ratchet ledger show CYCLE` has them all. */
const TRIALS_SHOWN = 20;

export const thoughts: CommentCommand = {
  name: 'thoughts',
  usage: '/thoughts [NIGHT]',
  summary: 'show what a night considered, tried and decided',
  help: 'One night from the ledger, by default the newest: what it decided and why, what it asked the selection data, how the canaries fared, and the best of its trials; and what it asked a model and was answered, which `ratchet thoughts` shows whole where the bot runs. `/ledger` lists the nights.',
  permission: 'read',
  needsPullRequest: false,
  wordsMax: 1,
  lane: 'answers',
  async answer({ words: [cycle] }, { state, exchanges }) {
    const reading = await readLedgerFrom(state);
    const nights = nightsOf(reading);
    const night = cycle === undefined ? nights.at(-1) : nights.find((one) => one.cycle === cycle);
    if (night !== undefined) {
      const asked = describeExchanges(exchanges?.(night.cycle) ?? []);
      return [describeNight(night, reading), ...(asked === null ? [] : [asked])].join('\n\n');
    }
    if (cycle === undefined) return 'There has been no night yet.';
    throw new RatchetError('commands/no-night', `The ledger knows no night ${quoted(cycle)}.`, '/ledger lists them.', { cycle });
  },
};

function describeNight(night: Night, reading: LedgerReading): string {
  const own = { entries: reading.entries.filter(({ cycle }) => cycle === night.cycle) };
  const canaries = recordsOf(own, 'canary').map(
    ({ entry }) => `- Canary \`${entry.canary}\`, ${entry.outcome}: ${text(entry.sentence)}`,
  );
  const decision = `**Night ${night.cycle}**, ${text(night.strategy)}, searched by ${text(night.proposer)}: **${night.decision === null ? 'not ended' : code(night.decision)}**. ${text(night.reason ?? '')}`;
  const hints = recordsOf(own, 'night-began')
    .flatMap(({ entry: { hint } }) => hint ?? [])
    .map(({ by, text: wish }) => `${text(by)} had wished: ${text(wish)}`);
  const search = `${counted(night.planned, 'trial')}: ${night.scored} scored, ${night.rejected} refused. ${night.above} of ${counted(night.asked, 'question')} to the selection data ${night.above === 1 ? 'was' : 'were'} answered with yes.`;
  return [decision.trim(), ...hints, search, ...(canaries.length === 0 ? [] : [canaries.join('\n')]), ...trialsTable(own)].join(
    '\n\n',
  );
}

function trialsTable(own: Pick<LedgerReading, 'entries'>): readonly string[] {
  const planned = recordsOf(own, 'trials-planned').flatMap(({ entry }) => entry.trials);
  const results = new Map(recordsOf(own, 'trial').map(({ entry }) => [entry.trial, entry]));
  const scored = planned.flatMap(({ trial, label }) => {
    const netReturn = results.get(trial)?.netReturn ?? null;
    return netReturn === null ? [] : [{ trial, label, netReturn }];
  });
  if (scored.length === 0) return [];
  const best = scored.toSorted((left, right) => right.netReturn - left.netReturn).slice(0, TRIALS_SHOWN);
  const columns = [
    { title: 'Trial', alignment: 'right' },
    { title: 'Net return on development data', alignment: 'right' },
    { title: 'What it changed', alignment: 'left' },
  ] as const;
  const rows = best.map(({ trial, label, netReturn }) => [String(trial), signedPercent(netReturn), text(label)]);
  return [`The best ${best.length} of ${scored.length} scored:`, table(columns, rows)];
}
