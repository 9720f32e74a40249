import type { GateResult } from '#bot/evidence/gate-result.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { askVault, type VaultQuestion } from './ask-vault.ts';
import type { GateContext } from './context.ts';
import { annotateFile, failure, success } from './outcome.ts';

/**
 * What `backtest` says of evidence that was made again: what the vault answers. Each opening spends, so nothing is asked while anything
 * else stands against the change: the vault comes last of all.
 * @param questions one for each changed strategy; at least one
 * @param others what every other gate found that is known
 */
export async function openVault(
  context: GateContext,
  questions: readonly VaultQuestion[],
  others: readonly GateResult[],
): Promise<GateResult> {
  const against = others.filter(({ conclusion }) => conclusion !== 'success');
  if (against.length > 0) return madeAgain(staysShut(questions, against));
  for (const question of questions) {
    if ((await askVault(context, question)) === 'fail') return madeAgain(refusedByVault(question.change.id));
  }
  return madeAgain(
    success(
      'backtest',
      `The evidence of ${namesOf(questions)} was made again, byte for byte, and the vault says pass`,
      'Every backtest in the pack was run again in a fresh sandbox from the digests of the base commit. Candles that nobody has seen make it unlikely that the version is worse than the one it replaces.',
    ),
  );
}

/** What the other gates may take for granted of such evidence while the vault is not asked yet. */
export function beforeVault(questions: readonly VaultQuestion[]): GateResult {
  const title = `The evidence of ${namesOf(questions)} was made again, byte for byte`;
  return madeAgain(success('backtest', title, 'The vault has not been asked yet.'));
}

function madeAgain(result: GateResult): GateResult {
  return { ...result, isMadeAgain: true };
}

function staysShut(questions: readonly VaultQuestion[], against: readonly GateResult[]): GateResult {
  const names = against.map(({ gate }) => gate).join(', ');
  const reasons = against.map(({ gate, title }) => `- ${gate}: ${title}`);
  return failure(
    'backtest',
    `The evidence of ${namesOf(questions)} was made again, byte for byte; the vault stays shut, because ${names} ${against.length === 1 ? 'refuses' : 'refuse'} the change`,
    [
      'Every backtest in the pack gave the same bytes, and the vault was not opened: each opening spends of a budget, and this change could not be merged whatever it said.',
      '',
      ...reasons,
    ].join('\n'),
  );
}

/** One word leaves the vault, and no number. */
function refusedByVault(id: string): GateResult {
  const path = `strategies/${id}`;
  const why =
    'the vault says fail: on candles nobody has seen, it cannot be ruled out that it is worse than the version it replaces.';
  return failure(
    'backtest',
    `${path}: ${why}`,
    `${path}: ${why}\n\nThe answer stands in the ledger and is given again however often it is asked; \`ratchet vault status\` shows what is left. Close the proposal.`,
    [annotateFile(`${path}/${PACK_PATH}`, why)],
  );
}

function namesOf(questions: readonly VaultQuestion[]): string {
  return questions.map(({ change }) => change.id).join(', ');
}
