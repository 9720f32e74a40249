import { z } from 'zod';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import { Truth } from '#engine/store/truth/truth.ts';
import type { Analysis } from './analysis.ts';

/** What a night goes by, as it is written down before anything is decided. */
export const Observation = z.strictObject({
  strategy: z.string(),
  /** Market time, UTC milliseconds: the night sees nothing later, however far the engine has gone since. */
  asOf: z.number(),
  /** What the engine's record says of the version; null where no engine has told of it. */
  truth: Truth.nullable(),
  development: z.strictObject({ netReturn: z.number(), trades: z.number() }),
  /** What the analysis modules of main make of the market and of the trades. Arithmetic does not decide by it; a model may. */
  analysis: z.union([z.strictObject({ problem: z.string() }), z.strictObject({ market: z.json(), trades: z.json() })]),
  /** An open pull request that already changes this strategy. */
  openProposal: z.number().nullable(),
  /** What earlier nights came to, as text. */
  memory: z.array(z.strictObject({ title: z.string(), text: z.string() })),
});
export type Observation = z.infer<typeof Observation>;

export function observe(facts: {
  strategy: string;
  asOf: number;
  truth: Truth | null;
  development: BacktestResult;
  analysis: Analysis;
  openProposal: number | null;
  memory: Observation['memory'];
}): Observation {
  const { development, ...known } = facts;
  const { netReturn, trades } = development.metrics;
  // The record is what counts: what it cannot hold was not observed.
  return Observation.parse({ ...known, development: { netReturn, trades } });
}

/** What the engine publishes of a version that runs; the record itself is on the engine's own disk. */
export function publishedTruth(report: EngineReport | null, strategy: string, tree: string): Truth | null {
  return report?.strategies.find((one) => one.id === strategy && one.tree === tree)?.truth ?? null;
}
