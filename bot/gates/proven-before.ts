import { verify } from '#engine/attestation/envelope.ts';
import { parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { type Statement, statementPath } from '#engine/attestation/statement.ts';
import { type GateContext, readText, type StrategyChange } from './context.ts';

const KEYS_PATH = 'policies/keys.yaml';

/**
 * The statement under which this very tree ran before, when the change goes back to it: a revert needs no new evidence,
 * because the tree's own was proven when it came. Null for every other change.
 */
export async function provenBefore(context: GateContext, change: StrategyChange): Promise<Statement | null> {
  if (change.headTree === null) return null;
  const [keys, envelope] = await Promise.all([
    readText(context.repository, context.base, KEYS_PATH),
    context.state.readText(statementPath(change.headTree)),
  ]);
  if (keys === null || envelope === null) return null;
  const result = verify(envelope, trustedKeys(parsePublicKeys(keys)), { strategy: change.id, tree: change.headTree });
  return result.ok && (await wasOnMain(context, change)) ? result.statement : null;
}

/** A statement alone does not make a return: the gates sign a head before it is merged. */
async function wasOnMain(context: GateContext, { id, headTree }: StrategyChange): Promise<boolean> {
  for (const { commit } of await context.repository.firstParentLog(null, context.base)) {
    if ((await context.repository.treeOf(commit, `strategies/${id}`)) === headTree) return true;
  }
  return false;
}
