import { z } from 'zod';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { FINAL_GATE, failure, GATE_NAMES, success } from '#bot/gates/outcome.ts';
import { RatchetError } from '#engine/errors.ts';

/** The `needs` context of GitHub Actions: what became of the jobs that this one waited for. */
const Needs = z.record(z.string(), z.object({ result: z.enum(['success', 'failure', 'cancelled', 'skipped']) }));

/**
 * What the gates found that ran in jobs of their own, for `policy`, which judges by it. Only success is success.
 * @param text JSON of the `needs` context
 * @throws RatchetError `gates/needs` for anything else, and for jobs that are no gates
 */
export function resultsOfNeeds(text: string): readonly GateResult[] {
  const parsed = Needs.safeParse(jsonIn(text));
  if (!parsed.success) throw unusable('it is not the JSON of a needs context');
  return Object.entries(parsed.data).map(([gate, { result }]) => {
    if (!(GATE_NAMES as readonly string[]).includes(gate) || gate === FINAL_GATE) throw unusable(`${gate} is no gate`);
    const words = `Its job ended as ${result}.`;
    const own =
      result === 'success' ? success(gate, 'Passed in its own job', words) : failure(gate, `Its own job: ${result}`, words);
    return gate === 'backtest' && result === 'success' ? { ...own, isMadeAgain: true } : own;
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function unusable(why: string): RatchetError {
  return new RatchetError(
    'gates/needs',
    `--needs cannot be used: ${why}.`,
    'Hand over toJSON(needs) of a job that waits for gates.',
  );
}
