import { Command } from 'commander';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { openForReading } from './open-mirror.ts';

interface LedgerFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** `ratchet ledger verify`: read every line ever written and check that each follows from the one before it. */
export function ledgerCommand(): Command {
  const ledger = new Command('ledger').description('The record of every configuration ever tried.');
  ledger
    .command('verify')
    .description('Check the chain of hashes over all nights.')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object')
    .action(async (flags: LedgerFlags) => {
      const { state } = await openForReading(flags);
      const { head, entries } = await readLedgerFrom(state);
      const trials = entries.filter(({ entry }) => entry.kind === 'trial').length;
      const nights = new Set(entries.map(({ cycle }) => cycle)).size;
      if (flags.json === true) console.log(JSON.stringify({ lines: entries.length, trials, nights, head: head.hash }));
      else console.log(`${entries.length} lines over ${nights} nights, ${trials} trials, unbroken. Head ${head.hash}.`);
    });
  return ledger;
}
