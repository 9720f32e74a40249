import { z } from 'zod';
import { ProposalClaim } from '#bot/evidence/pack.ts';
import type { Evaluation, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';

/** More than a strategy's folder ever holds; the static wall has its own, smaller limits. */
const FILES_MAX = 50;
const FILE_CHARACTERS_MAX = 1_000_000;
const QUESTIONS_MAX = 10_000;

const Files = z
  .map(z.string().min(1).max(200), z.string().max(FILE_CHARACTERS_MAX))
  .refine((files) => files.size <= FILES_MAX, `more than ${FILES_MAX} files`);

/** What a proposer's process may say. Whatever else it says ends it. */
export const FromProposer = z.discriminatedUnion('kind', [
  /** Questions asked in one go; the answers go back together, in the same order. */
  z.strictObject({
    kind: z.literal('evaluate'),
    batch: z.number().int().nonnegative(),
    questions: z
      .array(z.strictObject({ files: Files, label: z.string().max(1_000) }))
      .min(1)
      .max(QUESTIONS_MAX),
  }),
  z.strictObject({
    kind: z.literal('proposed'),
    candidates: z.array(z.strictObject({ files: Files, claim: ProposalClaim })).max(100),
    reason: z.string().max(1_000).nullable(),
  }),
  z.strictObject({ kind: z.literal('failed'), message: z.string().max(2_000) }),
]);
export type FromProposer = z.infer<typeof FromProposer>;

/** A result as it travels: its digest, which costs as much as the run, is made on the other side when somebody asks. */
export type SentResult = Omit<BacktestResult, 'resultDigest'>;

export type SentEvaluation =
  | { readonly outcome: 'scored'; readonly result: SentResult }
  | Extract<Evaluation, { outcome: 'rejected' }>;

/** What a proposer's process is told: all it will ever know. */
export type ToProposer =
  | {
      readonly kind: 'task';
      readonly incumbent: StrategyFiles;
      readonly incumbentResult: SentResult;
      readonly trials: number;
      readonly seed: number;
      readonly candles: ProposerTask['candles'];
    }
  | { readonly kind: 'evaluated'; readonly batch: number; readonly evaluations: readonly SentEvaluation[] };

export function sent({ resultId, metrics, trades, equity, decisions }: BacktestResult): SentResult {
  return { resultId, metrics, trades, equity, decisions };
}
