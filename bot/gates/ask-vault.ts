import { requestFor } from '#bot/evidence/build-pack.ts';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { appendToNewest, type LedgerReading, readLedgerFrom, returnsByDay } from '#bot/evidence/ledger.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import {
  nextOpening,
  passesVault,
  recordedOpening,
  requireLevels,
  type VaultAnswer,
  type VaultRecord,
  vaultPair,
} from '#bot/evidence/vault.ts';
import { openBacktester } from '#engine/backtest/backtester.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { type GateContext, readText, type StrategyChange } from './context.ts';
import { parsePolicy } from './policies.ts';

export interface VaultQuestion {
  readonly change: StrategyChange & { readonly headTree: string };
  readonly candidate: StrategyVersion;
  readonly incumbent: StrategyVersion;
  /** Git tree of the incumbent. */
  readonly parentTree: string;
  readonly evaluation: Evaluation;
  /** All of the evaluation's candles, the vault's included. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

/**
 * Asks the vault about a candidate: pass or fail, and nothing else leaves this function. The opening, with the level the budget
 * allows it, stands in the ledger before the backtests run; the answer after. The same candidate against the same incumbent is
 * opened for once on the same candles: asked again, nothing more is spent, and an opening that was killed half-way is finished at its
 * own level. What the ledger says is not taken on trust, because more people may write there than may merge: an answer is made again,
 * and an opening counts only at the level of a budget that main has had.
 * @throws RatchetError `vault/read-only` when nothing is recorded and the ledger cannot be written from here, `ledger/broken` or
 *   `vault/other-budget` when an opening was not made as its budget allowed, `vault/contradicted` when an answer is not made again
 */
export async function askVault(context: GateContext, question: VaultQuestion): Promise<VaultAnswer> {
  const { state } = context;
  const { change, candidate, parentTree, evaluation } = question;
  const text = await readText(context.repository, context.base, HELD_OUT_PATH);
  const policy = parsePolicy(HELD_OUT_PATH, text, HeldOutPolicy).vault;
  const pair = vaultPair(candidate.files, parentTree);
  const { vault } = evaluation.spans;
  const recorded = (ledger: LedgerReading) => {
    requireLevels(ledger);
    return recordedOpening(ledger, pair, vault.to);
  };
  let record = recorded(await readLedgerFrom(state));
  if (record === null) {
    const facts = { strategy: change.id, tree: change.headTree, pair };
    await write(context, (ledger) => (recorded(ledger) === null ? [nextOpening(ledger, policy, vault, facts)] : []));
    record = recorded(await readLedgerFrom(state));
  }
  if (record === null) throw new Error('The ledger has lost an opening that was just written.');
  await requireBudgetOfMain(context, record);
  const answer = await look(question, policy.margin, record, pair);
  if (record.answer === answer) return answer;
  if (record.answer !== null) throw contradicted(record);
  await write(context, (ledger) => {
    const known = recorded(ledger)?.answer ?? null;
    if (known === answer) return [];
    if (known !== null) throw contradicted(record);
    return [{ kind: 'vault-answered', opening: record.opened.opening, answer }];
  });
  return answer;
}

/** Whoever writes a line may invent the budget it was taken from; only one that was merged once is a budget. */
async function requireBudgetOfMain({ repository, base }: GateContext, { opened }: VaultRecord): Promise<void> {
  const seen = new Set<string>();
  for (const { commit } of (await repository.firstParentLog(null, base)).reverse()) {
    const text = await readText(repository, commit, HELD_OUT_PATH);
    if (text === null || seen.has(text)) continue;
    seen.add(text);
    const known = budgetIn(text);
    if (known?.alpha === opened.alpha && known.daysPerOpening === opened.daysPerOpening) return;
  }
  throw new RatchetError(
    'vault/other-budget',
    `Opening ${opened.opening} of the vault was taken from a budget of ${opened.alpha} and ${opened.daysPerOpening} days, which ${HELD_OUT_PATH} on main never had.`,
    'Find the commit on ratchet/state that wrote it, and who made that commit; nothing was answered.',
    { opening: opened.opening },
  );
}

/** Null for a version that could not be read, by which nothing was opened either. */
function budgetIn(text: string): HeldOutPolicy['vault'] | null {
  try {
    return parsePolicy(HELD_OUT_PATH, text, HeldOutPolicy).vault;
  } catch (error) {
    if (error instanceof RatchetError) return null;
    throw error;
  }
}

async function look(question: VaultQuestion, margin: number, { opened }: VaultRecord, name: string): Promise<VaultAnswer> {
  const { candidate, incumbent, evaluation } = question;
  const [ahead, behind] = await Promise.all([returnsOf(candidate, question), returnsOf(incumbent, question)]);
  const differences = ahead.map((value, day) => value - behind[day]!);
  return passesVault(differences, { margin, level: opened.level, seed: evaluation.seed, name }) ? 'pass' : 'fail';
}

async function returnsOf(version: StrategyVersion, { evaluation, columns }: VaultQuestion): Promise<Float64Array> {
  const { vault } = evaluation.spans;
  const tester = await openBacktester(version.artifact);
  try {
    await tester.useDataset(evaluation.dataset, columns);
    const result = await tester.run(requestFor(tester, version, evaluation, vault), { verify: true });
    return returnsByDay(result.equity, evaluation.capital, vault);
  } finally {
    await tester.close();
  }
}

async function write(context: GateContext, entriesFor: Parameters<typeof appendToNewest>[1]): Promise<void> {
  try {
    await appendToNewest(context.state, entriesFor);
  } catch (error) {
    if (!(error instanceof RatchetError) || !/^repository\/(?:no-remote|denied)$/.test(error.code)) throw error;
    throw new RatchetError(
      'vault/read-only',
      'The vault has no answer for this candidate yet, and an opening must stand in the ledger first, which cannot be written from here.',
      'Give --remote and a token that may push to ratchet/state, or let the forge run the gates.',
      {},
      error,
    );
  }
}

function contradicted({ opened }: VaultRecord): RatchetError {
  return new RatchetError(
    'vault/contradicted',
    `Opening ${opened.opening} of the vault has another answer in the ledger than it has now.`,
    'Somebody wrote it who did not ask, or engine, candles or margin changed in between: find out which before anything is merged.',
    { opening: opened.opening },
  );
}
