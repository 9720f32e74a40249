import type { KeyObject } from 'node:crypto';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { changedStrategies, type GateContext } from './context.ts';
import { FINAL_GATE } from './outcome.ts';

/**
 * Signs each changed strategy's tree and puts the statements on the state branch. Only when the final gate passed:
 * whoever holds the key signs what was proven and nothing else. A tree that has its statement keeps it.
 * @returns the trees that now have one
 */
export async function signChange(
  context: GateContext,
  results: readonly GateResult[],
  key: KeyObject,
  state: StateBranch,
  verifier: string,
  clock: () => number,
): Promise<readonly string[]> {
  if (results.find((result) => result.gate === FINAL_GATE)?.conclusion !== 'success') {
    throw new RatchetError('gates/not-passed', 'Not every gate passed, so nothing is signed.', 'See the gates.');
  }
  const policyTree = await context.repository.treeOf(context.base, 'policies');
  if (policyTree === null) throw new RatchetError('gates/no-policies', 'The base has no policies/.', 'Put them on main first.');
  const envelopes = new Map<string, Uint8Array>();
  const trees: string[] = [];
  for (const { id, headTree } of await changedStrategies(context)) {
    if (headTree === null) continue;
    if ((await state.read(statementPath(headTree))) !== null) {
      trees.push(headTree);
      continue;
    }
    const pack = await context.repository.readFile(context.head, `strategies/${id}/${PACK_PATH}`);
    if (pack === null)
      throw new RatchetError('gates/no-evidence', `strategies/${id} has no evidence to sign for.`, 'Nothing was signed.');
    const statement = createStatement({
      claim: {
        kind: 'gates',
        strategy: id,
        head: context.head,
        base: context.base,
        gates: Object.fromEntries(results.map((result) => [result.gate, 'success' as const])),
        evidence: digestOf(pack),
      },
      tree: headTree,
      policyTree,
      verifier,
      timeVerified: clock(),
    });
    envelopes.set(statementPath(headTree), Buffer.from(`${canonicalJson(sign(statement, key))}\n`));
    trees.push(headTree);
  }
  if (envelopes.size === 0) return trees;
  await state.update(`statements: ${context.head.slice(0, 12)}`, async (current) => {
    const missing = new Map<string, Uint8Array>();
    for (const [path, envelope] of envelopes) if ((await current.read(path)) === null) missing.set(path, envelope);
    return missing;
  });
  return trees;
}
