import type { KeyObject } from 'node:crypto';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { readLedgerFrom } from '#bot/evidence/ledger.ts';
import { anchorsOnMain, requireAnchors } from '#bot/evidence/ledger-anchors.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { KEYS_PATH, keyId, parsePublicKeys, trustedKeys, whyNotValid } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { changedStrategies, type GateContext, readText } from './context.ts';
import { FINAL_GATE } from './outcome.ts';
import { provenBefore, statementOver } from './proven-before.ts';

/**
 * Signs each changed strategy's tree and puts the statements on the state branch. Only when the final gate passed:
 * whoever holds the key signs what was proven and nothing else, and only against a base that main has been at.
 * And only while the ledger has every line that evidence on main names.
 * A tree that has its statement under the present policies keeps it; one under others is proven anew and signed anew.
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
  await requireMain(context);
  await requireGoodKey(context, key, clock());
  // What was published in evidence on main cannot have left the ledger: it would let old trials and openings be forgotten.
  requireAnchors(await readLedgerFrom(context.state), await anchorsOnMain(context.repository));
  const policyTree = await context.repository.treeOf(context.base, 'policies');
  if (policyTree === null) throw new RatchetError('gates/no-policies', 'The base has no policies/.', 'Put them on main first.');
  const envelopes = new Map<string, Uint8Array>();
  const trees: string[] = [];
  for (const change of await changedStrategies(context)) {
    const { id, headTree } = change;
    if (headTree === null) continue;
    trees.push(headTree);
    if ((await statementOver(context, change, policyTree)) !== null || (await provenBefore(context, change)) !== null) continue;
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
  }
  if (envelopes.size === 0) return trees;
  await state.update(`statements: ${context.head.slice(0, 12)}`, () => envelopes);
  return trees;
}

/** What a key signs that does not count would be refused by the engine, under a pull request that looks proven. */
async function requireGoodKey({ repository, base }: GateContext, key: KeyObject, now: number): Promise<void> {
  const text = await readText(repository, base, KEYS_PATH);
  const known = text === null ? [] : trustedKeys(parsePublicKeys(text));
  const id = keyId(key);
  const own = known.find((one) => one.id === id && one.purpose === 'gate');
  const why = own === undefined ? `is no gate key in ${KEYS_PATH} at ${base.slice(0, 12)}` : whyNotValid(own, now);
  if (why === null) return;
  throw new RatchetError(
    'gates/key',
    `The signing key ${id.slice(0, 23)} ${why}, so nothing is signed with it.`,
    'Sign with a key that counts there: see ratchet keys list.',
    { id },
  );
}

/** A branch with lax policies must not lend its verdict to main. */
async function requireMain({ repository, base }: GateContext): Promise<void> {
  const main = await repository.resolve('main');
  if (main !== null && (await repository.isOnFirstParentLine(base, main))) return;
  throw new RatchetError(
    'gates/other-base',
    `${base.slice(0, 12)} is not on main's line, so nothing proven against it is signed.`,
    'Prove the change against main.',
    { base },
  );
}
