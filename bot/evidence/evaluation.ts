import { parse } from 'yaml';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { Pack } from './pack.ts';

/** Where the yardstick stands in the repository. */
export const EVALUATION_PATH = 'policies/evaluation.yaml';

/**
 * What evidence must be made from: candles by digest, the three cuts, what markets charge, capital and seed.
 * It stands on the base branch, so a candidate cannot choose its own exam.
 */
export const Evaluation = z.strictObject({
  dataset: Pack.shape.dataset,
  spans: Pack.shape.spans.extend({ vault: Pack.shape.spans.shape.development }),
  markets: Pack.shape.markets,
  capital: Pack.shape.capital,
  seed: Pack.shape.seed,
});
export type Evaluation = z.infer<typeof Evaluation>;

/**
 * @param text the file's content on the base commit, null when it is not there
 * @throws RatchetError `evidence/evaluation`
 */
export function parseEvaluation(text: string | null): Evaluation {
  if (text === null) throw unusable('it does not exist on the base commit');
  const result = Evaluation.safeParse(parse(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unusable(`${issue?.path.join('.')}: ${issue?.message}`);
}

function unusable(why: string): RatchetError {
  return new RatchetError(
    'evidence/evaluation',
    `${EVALUATION_PATH} cannot be used: ${why}.`,
    'Mend it on main; without it nothing can be proven.',
  );
}
