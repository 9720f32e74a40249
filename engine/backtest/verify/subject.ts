import type { CandleColumns } from '#engine/candles/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { Backtester, RunOptions } from '../backtester.ts';
import type { BacktestRequest, BacktestResult } from '../types.ts';
import { type RecordedIntent, type Recording, recordedIntent } from './recording.ts';

/** What is verified: a strategy as it was written, and everything its result depends on. */
export interface Subject {
  /** The source as text; every process builds its artifact anew. */
  readonly source: string;
  readonly entry: string;
  readonly artifact: StrategyArtifact;
  readonly request: BacktestRequest;
  /** By symbol, as the dataset's entries describe them. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
}

/** What a check came to. */
export interface Check {
  readonly name: string;
  /** `not shown` where this machine lacks what it takes; it counts as neither. */
  readonly verdict: 'passed' | 'failed' | 'not shown';
  /** What was compared and how much of it, or where it failed. */
  readonly detail: string;
}

/** A backtest with its recording: the intents are those of the verified tape. */
export async function recordRun(
  tester: Backtester,
  request: BacktestRequest,
  options: Pick<RunOptions, 'timeoutMs'> = {},
): Promise<{ readonly result: BacktestResult; readonly recording: Recording }> {
  const { symbols } = tester.describe();
  const intents: RecordedIntent[] = [];
  const result = await tester.run(request, {
    ...options,
    verify: true,
    onIntent: (time, index, intent) => intents.push(recordedIntent(time, symbols[index]!, intent)),
  });
  return { result, recording: { intents, counts: result.decisions, trades: result.trades } };
}

/** @throws RatchetError `backtest/refused` naming the line when the static wall refuses the source */
export async function builtArtifact(source: string, entry: string): Promise<StrategyArtifact> {
  const verdict = await buildArtifact(new Map([[entry, source]]), entry);
  if (verdict.ok) return verdict.artifact;
  const { file, line, message, rule } = verdict.findings[0]!;
  throw new RatchetError(
    'backtest/refused',
    `${file}:${line}: ${message} (${rule})`,
    `Mend the ${verdict.findings.length} finding(s) that ratchet sandbox check shows.`,
    { findings: verdict.findings },
  );
}
