import { parse } from 'yaml';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { Pack } from './pack.ts';

/** Where the yardstick stands in the repository. */
export const EVALUATION_PATH = 'policies/evaluation.yaml';

/** How much is computed for one pack: each number costs time, in the night and in the gate. Together about three hundred backtests. */
export const Effort = z.strictObject({
  /** Resamples behind each interval. */
  intervalResamples: z.number().int().min(100).max(100_000).default(2_000),
  /** Resamples behind Hansen's and White's test. */
  testResamples: z.number().int().min(100).max(100_000).default(1_000),
  /** Blocks that time is cut into for the probability of overfitting: even. */
  overfittingBlocks: z.number().int().min(2).max(20).multipleOf(2).default(16),
  /** Steps of the walk-forward. */
  walkWindows: z.number().int().min(1).max(50).default(6),
  /** Configurations that each step chooses from; one backtest over development and selection data each. */
  walkConfigurations: z.number().int().min(1).max(500).default(24),
  /** Shuffled candles; the smallest p-value is 1 / (permutations + 1). */
  permutations: z.number().int().min(1).max(10_000).default(39),
  /** Configurations that are searched in each of them; one backtest over the development data each. */
  permutationConfigurations: z.number().int().min(1).max(500).default(4),
  /** Directions in which all parameters are moved at once, for each radius of the neighbourhood. */
  neighbourhoodDirections: z.number().int().min(0).max(500).default(8),
  /** The capital is multiplied by each of these. */
  capacityMultiples: z.array(z.number().gt(1)).max(20).default([10, 100, 1_000]),
  /** How far the prediction looks. */
  predictionDays: z.number().int().min(1).max(3_650).default(90),
});
export type Effort = z.infer<typeof Effort>;

/**
 * What evidence must be made from: candles by digest, the three cuts, what markets charge, capital, seed and effort.
 * It stands on the base branch, so a candidate cannot choose its own exam.
 */
export const Evaluation = z.strictObject({
  dataset: Pack.shape.dataset,
  spans: Pack.shape.spans.extend({ vault: Pack.shape.spans.shape.development }),
  markets: Pack.shape.markets,
  capital: Pack.shape.capital,
  seed: Pack.shape.seed,
  effort: Effort.prefault({}),
});
export type Evaluation = z.infer<typeof Evaluation>;

/**
 * @param text the file's content on the base commit, null when it is not there
 * @throws RatchetError `evidence/evaluation`
 */
export function parseEvaluation(text: string | null): Evaluation {
  if (text === null) throw unusable('it does not exist on the base commit');
  const result = Evaluation.safeParse(yamlIn(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unusable(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function yamlIn(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw unusable(error instanceof Error ? (error.message.split('\n')[0] ?? '').replace(/:$/, '') : String(error));
  }
}

function unusable(why: string): RatchetError {
  return new RatchetError(
    'evidence/evaluation',
    `${EVALUATION_PATH} cannot be used: ${why}.`,
    'Mend it on main; without it nothing can be proven.',
  );
}
