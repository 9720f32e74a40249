import { statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import { arrivalsOf, type Sources } from './arrivals.ts';
import type { ChangedStrategy, Place } from './place.ts';
import { type Step, step, trouble } from './step.ts';
import { type Vouched, vouchedFor, vouchersAt } from './vouched.ts';

/**
 * The statement over the tree of each strategy that is changed, verified as the engine does. One that is missing is a trouble once the
 * pull request is merged: nothing is signed before its gates have passed.
 */
export async function fromStatements(place: Place, sources: Sources): Promise<readonly Step[]> {
  const { headCommit, main } = place;
  const kept = place.strategies.filter(({ tree }) => tree !== null);
  if (headCommit === null || kept.length === 0) return [];
  try {
    const vouchers = await vouchersAt(main, sources.repository, sources.state);
    const steps: Step[] = [];
    for (const strategy of kept) {
      const vouched = await vouchedFor(vouchers, headCommit, strategy.id, strategy.tree!);
      if (vouched.code === 'unsigned' && place.mergeCommit === null) continue;
      steps.push(...(await told(vouched, strategy, sources)));
    }
    return steps;
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return [trouble('statements', 'the statements', error.message)];
  }
}

async function told(vouched: Vouched, { id, tree }: ChangedStrategy, sources: Sources): Promise<readonly Step[]> {
  const { signature, verdict } = vouched;
  const path = statementPath(tree!);
  const arrivals = await arrivalsOf(path, sources);
  const last = arrivals.at(-1);
  const earlier = arrivals
    .slice(0, -1)
    .map(({ at, by, commit }) => step(at, by, `a statement over ${id}, replaced since`, path, { tree, commit }));
  const digests = { tree, commit: last?.commit };
  if (signature === null) return [...earlier, trouble(path, `the statement over ${id}`, verdict, digests, last?.at ?? null)];
  const { key, kind, verifier, time, policy, evidence, head, base } = signature;
  const what = `signed ${id} (${kind === 'gates' ? verdict : 'adopted'}), verified ${time} by ${verifier}`;
  return [...earlier, step(last?.at ?? time, `key ${key}`, what, path, { ...digests, key, policy, evidence, head, base })];
}
