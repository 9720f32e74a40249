import { Command } from 'commander';
import { type LedgerReading, type Night, nightsOf, readLedgerFrom, recordsOf, requireIdeas } from '#bot/evidence/ledger.ts';
import { anchorsInHistory, anchorsOnMain, requireAnchors } from '#bot/evidence/ledger-anchors.ts';
import { visible } from '#bot/evidence/markdown.ts';
import { counted } from '#bot/evidence/numbers.ts';
import { requireLevels } from '#bot/evidence/vault.ts';
import { percent } from '#bot/orchestrator/decide.ts';
import { RatchetError } from '#engine/errors.ts';
import { stateRef } from '#engine/repository/state-branch.ts';
import { columned } from './columned.ts';
import { openForReading } from './open-mirror.ts';

interface LedgerFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** `ratchet ledger`: the record of every configuration ever tried. */
export function ledgerCommand(): Command {
  return new Command('ledger')
    .description('The record of every configuration ever tried.')
    .addCommand(reading(new Command('verify')).description('Find any line that was rewritten, dropped or moved.').action(verify))
    .addCommand(
      reading(new Command('show'))
        .description('List the nights, or one night with its trials.')
        .argument('[cycle]', 'the night, such as 20260105-1')
        .action(show),
    );
}

function reading(command: Command): Command {
  return command
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object');
}

/** Reads every line ever written, and everything outside that names one. */
async function verify(flags: LedgerFlags): Promise<void> {
  const { repository, state } = await openForReading(flags);
  const ledger = await readLedgerFrom(state);
  requireIdeas(ledger);
  requireLevels(ledger);
  const published = await anchorsInHistory(repository, await repository.resolve(stateRef));
  const packs = await anchorsOnMain(repository);
  requireAnchors(ledger, [...published, ...packs]);
  const facts = {
    lines: ledger.entries.length,
    nights: nightsOf(ledger).length,
    trials: nightsOf(ledger).reduce((sum, night) => sum + night.planned, 0),
    openings: recordsOf(ledger, 'vault-opened').length,
    anchors: { published: published.length, packs: packs.length },
    head: ledger.head.hash,
  };
  if (flags.json === true) console.log(JSON.stringify(facts));
  else
    console.log(
      `${counted(facts.lines, 'line')} over ${counted(facts.nights, 'night')}, ${counted(facts.trials, 'trial')}, ${counted(facts.openings, 'opening')} of the vault: unbroken, as ${counted(published.length, 'published head')} and ${counted(packs.length, 'pack')} on main name it. Head ${facts.head}.`,
    );
}

async function show(cycle: string | undefined, flags: LedgerFlags): Promise<void> {
  const { state } = await openForReading(flags);
  const ledger = await readLedgerFrom(state);
  const night = cycle === undefined ? null : requireNight(ledger, cycle);
  if (flags.json === true) console.log(JSON.stringify(night === null ? nightsAsJson(ledger) : nightAsJson(ledger, night)));
  else console.log(night === null ? nightsAsTable(ledger) : nightAsTable(ledger, night));
}

function requireNight(ledger: LedgerReading, cycle: string): Night {
  const nights = nightsOf(ledger);
  const night = nights.find((one) => one.cycle === cycle);
  if (night !== undefined) return night;
  const newest = nights.at(-1)?.cycle;
  const remedy = newest === undefined ? 'There is no night yet.' : `The newest is ${newest}; ratchet ledger show lists them.`;
  throw new RatchetError('ledger/no-night', `The ledger knows no night ${cycle}.`, remedy, { cycle });
}

function nightsAsJson(ledger: LedgerReading) {
  return { head: ledger.head.hash, nights: nightsOf(ledger) };
}

function nightAsJson(ledger: LedgerReading, night: Night) {
  return { night, entries: linesOf(ledger, night).entries.map(({ hash, entry }) => ({ hash, ...entry })) };
}

function nightsAsTable(ledger: LedgerReading): string {
  const rows = nightsOf(ledger).map((night) => [
    night.cycle,
    night.strategy,
    night.proposer,
    String(night.planned),
    String(night.scored),
    String(night.rejected),
    `${night.above}/${night.asked}`,
    night.decision ?? 'not ended',
  ]);
  if (rows.length === 0) return 'No night yet.';
  return columned(['night', 'strategy', 'proposer', 'trials', 'scored', 'refused', 'yes/asked', 'decision'], rows, [3, 4, 5, 6]);
}

function nightAsTable(ledger: LedgerReading, night: Night): string {
  const lines = linesOf(ledger, night);
  const results = new Map(recordsOf(lines, 'trial').map(({ entry }) => [entry.trial, entry]));
  const rows = recordsOf(lines, 'trials-planned').flatMap(({ entry }) =>
    entry.trials.map(({ trial, label, configuration }) => {
      const result = results.get(trial);
      const found = result === undefined ? 'not finished' : (result.reason ?? percent(result.netReturn ?? 0));
      return [String(trial), found, configuration.slice(7, 19), label];
    }),
  );
  return [
    `${night.cycle}: ${night.strategy} by ${night.proposer}, ${night.decision ?? 'not ended'}. ${visible(night.reason ?? '')}`.trim(),
    `${night.above} of ${counted(night.asked, 'question')} to the selection data were answered with yes.`,
    ...(rows.length === 0 ? [] : ['', columned(['trial', 'net return', 'files', 'what it changes'], rows, [0, 1])]),
  ].join('\n');
}

function linesOf(ledger: LedgerReading, { cycle }: Night): Pick<LedgerReading, 'entries'> {
  return { entries: ledger.entries.filter((record) => record.cycle === cycle) };
}
