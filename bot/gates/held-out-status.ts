import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import type { LedgerReading } from '#bot/evidence/ledger.ts';
import { selectionBudget } from '#bot/evidence/selection-budget.ts';
import { type VaultStatus, vaultStatus } from '#bot/evidence/vault.ts';
import type { Span } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import { readText } from './context.ts';
import { parsePolicy } from './policies.ts';

/** What may still be asked of the candles that are held out, and what was asked. */
export interface HeldOutStatus {
  readonly vault: VaultStatus & { readonly span: Span; readonly margin: number };
  readonly selection: {
    readonly span: Span;
    readonly asked: number;
    /** Answers the budget began with. */
    readonly answers: number;
    readonly left: number;
    /** New days after which an answer comes back; null when none is owed. */
    readonly daysToRefill: number | null;
  };
}

/** By main's yardstick and policy. @throws RatchetError `vault/no-main`, `evidence/evaluation` or `policy/unreadable` */
export async function heldOutStatus(repository: Repository, ledger: LedgerReading): Promise<HeldOutStatus> {
  const main = await repository.resolve('main');
  if (main === null) throw new RatchetError('vault/no-main', 'The repository has no branch main.', 'Name a clone that has it.');
  const { spans, seed, dataset } = parseEvaluation(await readText(repository, main, EVALUATION_PATH));
  const policy = parsePolicy(HELD_OUT_PATH, await readText(repository, main, HELD_OUT_PATH), HeldOutPolicy);
  const noise = { policy: policy.selection, seed, dataset: dataset.digest };
  const { left, asked, daysToRefill } = selectionBudget(ledger, noise, spans.selection);
  return {
    vault: { ...vaultStatus(ledger, policy.vault, spans.vault), span: spans.vault, margin: policy.vault.margin },
    selection: { span: spans.selection, asked, answers: policy.selection.answers, left, daysToRefill },
  };
}
