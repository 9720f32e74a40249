import { requestFor } from '#bot/evidence/build-pack.ts';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import {
  type Addition,
  configurationOf,
  type LedgerReading,
  type LedgerRecord,
  recordsOf,
  returnsByDay,
} from '#bot/evidence/ledger.ts';
import {
  askSelection,
  type SelectionBudget,
  type SelectionNoise,
  selectionBudget,
  selectionLead,
} from '#bot/evidence/selection-budget.ts';
import type { StrategyVersion } from '#bot/evidence/strategy-version.ts';
import type { BacktesterPool } from './backtester-pool.ts';

export interface QuestionTask {
  readonly cycle: string;
  readonly candidate: StrategyVersion;
  readonly incumbent: StrategyVersion;
  readonly yardstick: Evaluation;
  readonly noise: SelectionNoise;
  /** Holds the candles up to the end of the selection data. */
  readonly pool: BacktesterPool;
  readonly readLedger: () => Promise<LedgerReading>;
  readonly append: (addition: Addition) => Promise<void>;
}

/**
 * Asks the selection data whether the candidate is ahead of the incumbent by the policy's threshold, and hears "above" or "below" and
 * no number. The question stands in the ledger before anybody computes, the answer after; a night that is run again gets the answer
 * it was given, and finishes a question it was killed in.
 * @returns null when no answer is left: then nothing was asked
 */
export async function askSelectionData(task: QuestionTask): Promise<'above' | 'below' | null> {
  const { yardstick, noise } = task;
  const candidate = configurationOf(task.candidate.files);
  const ledger = await task.readLedger();
  const mine = recordsOf(ledger, 'selection-asked').find(
    ({ cycle, entry }) => cycle === task.cycle && entry.candidate === candidate,
  );
  const question = mine?.entry.question ?? recordsOf(ledger, 'selection-asked').length + 1;
  const known = recordsOf(ledger, 'selection-answered').find(({ entry }) => entry.question === question);
  if (known !== undefined) return known.entry.answer;
  const budget = selectionBudget(before(ledger, mine), noise, yardstick.spans.selection);
  if (budget.left < 1) return null;
  if (mine === undefined) {
    const { to } = yardstick.spans.selection;
    await task.append({ entries: [{ kind: 'selection-asked', question, candidate, until: to }] });
  }
  const answer = await answerTo(task, budget);
  await task.append({ entries: [{ kind: 'selection-answered', question, answer }] });
  return answer;
}

async function answerTo(task: QuestionTask, budget: SelectionBudget): Promise<'above' | 'below'> {
  const [candidate, incumbent] = await Promise.all([returnsOf(task, task.candidate), returnsOf(task, task.incumbent)]);
  return askSelection(budget, selectionLead(candidate, incumbent), task.noise);
}

async function returnsOf({ pool, yardstick }: QuestionTask, version: StrategyVersion): Promise<Float64Array> {
  const { selection } = yardstick.spans;
  const result = await pool.use(version, (tester) => tester.run(requestFor(tester, version, yardstick, selection)));
  return returnsByDay(result.equity, yardstick.capital, selection);
}

/** The ledger without a question and what follows it: a question that is finished later is answered as it would have been then. */
function before(ledger: LedgerReading, record: LedgerRecord | undefined): LedgerReading {
  return record === undefined ? ledger : { ...ledger, entries: ledger.entries.slice(0, ledger.entries.indexOf(record)) };
}
