import { Command } from 'commander';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { counted } from '#bot/evidence/numbers.ts';
import { selectionBudget } from '#bot/evidence/selection-budget.ts';
import { type VaultRecord, vaultStatus } from '#bot/evidence/vault.ts';
import { readText } from '#bot/gates/context.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import { RatchetError } from '#engine/errors.ts';
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
  const main = await repository.resolve('main');
  if (main === null) throw new RatchetError('vault/no-main', 'The repository has no branch main.', 'Name a clone that has it.');
  const { spans, seed, dataset } = parseEvaluation(await readText(repository, main, EVALUATION_PATH));
  const policy = parsePolicy(HELD_OUT_PATH, await readText(repository, main, HELD_OUT_PATH), HeldOutPolicy);
  const ledger = await readLedgerFrom(state);
  const vault = vaultStatus(ledger, policy.vault, spans.vault);
  const noise = { policy: policy.selection, seed, dataset: dataset.digest };
  const { left, asked, daysToRefill } = selectionBudget(ledger, noise, spans.selection);
  const selection = { span: spans.selection, asked, answers: policy.selection.answers, left, daysToRefill };
  if (flags.json === true) {
    const { openings, ...budget } = vault;
    console.log(
      JSON.stringify({
        vault: { span: spans.vault, margin: policy.vault.margin, ...budget, openings: openings.map(flat) },
        selection,
      }),
    );
    return;
  }
  console.log(`Vault      ${day(spans.vault.from)} to ${day(spans.vault.to)}`);
  console.log(
    `  error    ${share(vault.spent)} of ${share(vault.alpha)} spent by ${counted(vault.standing, 'standing opening')}; the next one is tested at ${share(vault.next)}`,
  );
  console.log(
    vault.refillAt === null || vault.daysToRefill === null
      ? '  refill   nothing to give back'
      : `  refill   one opening comes back after ${counted(vault.daysToRefill, 'new day')}, when the vault reaches ${day(vault.refillAt)}`,
  );
  console.log(`Selection  ${day(spans.selection.from)} to ${day(spans.selection.to)}`);
  console.log(
    `  answers  ${left} of ${selection.answers} left after ${counted(asked, 'question')}${daysToRefill === null ? '' : `; one comes back after ${counted(daysToRefill, 'new day')}`}`,
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

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function share(probability: number): string {
  return `${(probability * 100).toFixed(2)} %`;
}
