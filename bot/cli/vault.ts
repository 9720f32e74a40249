import { Command } from 'commander';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { counted, day } from '#bot/evidence/numbers.ts';
import type { VaultRecord } from '#bot/evidence/vault.ts';
import { heldOutStatus } from '#bot/gates/held-out-status.ts';
import { columned } from './columned.ts';
import { openForReading } from './open-mirror.ts';

interface VaultFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** `ratchet vault`: the candles that nobody has seen, and what may still be asked of them. */
export function vaultCommand(): Command {
  return new Command('vault')
    .description('The candles that nobody has seen.')
    .addCommand(
      new Command('status')
        .description('Show what is left of the vault and of the selection data.')
        .option('--workspace <dir>', 'the workspace', 'var')
        .option('--repository <dir>', 'a clone to read instead')
        .option('--json', 'one JSON object')
        .action(status),
    );
}

async function status(flags: VaultFlags): Promise<void> {
  const { repository, state } = await openForReading(flags);
  const { vault, selection } = await heldOutStatus(repository, await readLedgerFrom(state));
  if (flags.json === true) {
    const { openings, ...budget } = vault;
    console.log(JSON.stringify({ vault: { ...budget, openings: openings.map(flat) }, selection }));
    return;
  }
  console.log(`Vault      ${day(vault.span.from)} to ${day(vault.span.to)}`);
  console.log(
    `  error    ${share(vault.spent)} of ${share(vault.alpha)} spent by ${counted(vault.standing, 'standing opening')}; the next one is tested at ${share(vault.next)}`,
  );
  console.log(
    vault.refillAt === null || vault.daysToRefill === null
      ? '  refill   nothing to give back'
      : `  refill   one opening comes back after ${counted(vault.daysToRefill, 'new day')}, when the vault reaches ${day(vault.refillAt)}`,
  );
  console.log(`Selection  ${day(selection.span.from)} to ${day(selection.span.to)}`);
  console.log(
    `  answers  ${selection.left} of ${selection.answers} left after ${counted(selection.asked, 'question')}${selection.daysToRefill === null ? '' : `; one comes back after ${counted(selection.daysToRefill, 'new day')}`}`,
  );
  console.log(vault.openings.length === 0 ? '\nThe vault has never been opened.' : `\n${openingsTable(vault.openings)}`);
}

function openingsTable(openings: readonly VaultRecord[]): string {
  const rows = openings.map(({ opened, answer }) => [
    String(opened.opening),
    opened.strategy,
    opened.tree.slice(0, 12),
    share(opened.level),
    answer ?? 'not finished',
  ]);
  return columned(['opening', 'strategy', 'tree', 'level', 'answer'], rows, [0, 3]);
}

function flat({ opened: { kind: _kind, ...opened }, answer }: VaultRecord) {
  return { ...opened, answer };
}

function share(probability: number): string {
  return `${(probability * 100).toFixed(2)} %`;
}
