import { verify } from '#engine/attestation/envelope.ts';
import { KEYS_PATH, parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { type Statement, statementPath } from '#engine/attestation/statement.ts';
import type { TreeHash } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { type ChangeContext, readText, type StrategyChange } from './context.ts';

/**
 * The statement under which this very tree ran before, when the change goes back to it: a revert needs no new evidence,
 * because the tree's own was proven when it came. Null for every other change.
 */
export async function provenBefore(context: ChangeContext, change: StrategyChange): Promise<Statement | null> {
  const statement = await statementOver(context, change);
  return statement !== null && (await wasOnMain(context, change)) ? statement : null;
}

/** A statement over the head's tree by a key of the base; with `policyTree`, one made under just these policies. */
export async function statementOver(
  context: Pick<ChangeContext, 'repository' | 'base'> & { readonly state: Pick<StateReader, 'readText'> },
  change: StrategyChange,
  policyTree?: TreeHash,
): Promise<Statement | null> {
  if (change.headTree === null) return null;
  const [keys, envelope] = await Promise.all([
    readText(context.repository, context.base, KEYS_PATH),
    context.state.readText(statementPath(change.headTree)),
  ]);
  if (keys === null || envelope === null) return null;
  const expected = { strategy: change.id, tree: change.headTree, ...(policyTree === undefined ? {} : { policyTree }) };
  const result = verify(envelope, trustedKeys(parsePublicKeys(keys)), expected);
  return result.ok ? result.statement : null;
}

/** A statement alone does not make a return: the gates sign a head before it is merged. */
async function wasOnMain(context: ChangeContext, { id, headTree }: StrategyChange): Promise<boolean> {
  for (const { commit } of await context.repository.firstParentLog(null, context.base)) {
    if ((await context.repository.treeOf(commit, `strategies/${id}`)) === headTree) return true;
  }
  return false;
}
