import { type Backtester, openBacktester } from '../backtester.ts';
import type { Metrics } from '../types.ts';
import { everyBarCheck, poisonCheck } from './prove-causality.ts';
import { determinismCheck, type Outcome } from './prove-determinism.ts';
import { type Stepped, stepThrough } from './step-through.ts';
import { type Check, recordRun, type Subject } from './subject.ts';

export interface VerifyOptions {
  /** Node binaries beside this one. */
  readonly nodes?: readonly string[];
  /** Futures to poison. */
  readonly cuts?: number;
  /** Later starts to compare. */
  readonly lateStarts?: number;
  readonly onProgress?: (share: number) => void;
  /** Where backtests are run; by default in a sandbox process of the subject's artifact. */
  readonly open?: () => Promise<Backtester>;
}

export interface VerifyReport {
  /** No check failed. */
  readonly passed: boolean;
  readonly resultId: string;
  readonly resultDigest: string;
  readonly metrics: Metrics;
  readonly checks: readonly Check[];
  readonly outcomes: readonly Outcome[];
}

/**
 * Causality at every bar, warm-up and determinism of one strategy over one dataset.
 * @throws RatchetError when the strategy cannot be run at all, or when the engine cannot make its numbers again from its intents
 */
export async function verifyStrategy(subject: Subject, options: VerifyOptions = {}): Promise<VerifyReport> {
  const { nodes = [], cuts = 24, lateStarts = 16, onProgress } = options;
  const { request } = subject;
  const tester = await (options.open ?? (() => openBacktester(subject.artifact)))();
  try {
    await tester.useDataset(request.dataset, subject.columns);
    const { result, recording } = await recordRun(tester, request);
    const stepped = await stepThrough(subject, tester.describe(), { lateStarts, onProgress });
    const determinism = await determinismCheck(tester, subject, [process.execPath, ...nodes]);
    const checks = [
      everyBarCheck(recording, stepped),
      await poisonCheck(tester, subject, recording, cuts),
      warmUpCheck(stepped.warmUp),
      ...determinism.checks,
    ];
    return {
      passed: checks.every(({ verdict }) => verdict !== 'failed'),
      resultId: result.resultId,
      resultDigest: result.resultDigest,
      metrics: result.metrics,
      checks,
      outcomes: determinism.outcomes,
    };
  } finally {
    await tester.close();
  }
}

/** Nothing but the warm-up may reach a decision: a run that starts later decides the same, told the same positions and state. */
function warmUpCheck({ starts, decisions, difference }: Stepped['warmUp']): Check {
  const name = 'warm-up';
  if (decisions === 0) return { name, verdict: 'failed', detail: 'no later start decided anything: the span is too short' };
  if (difference !== null) return { name, verdict: 'failed', detail: `the warm-up is too short: ${difference}` };
  const last = starts.at(-1);
  return {
    name,
    verdict: 'passed',
    detail: `${starts.length} starts, 1 to ${last} bars later, changed none of ${decisions} decisions`,
  };
}
