import { PACK_PATH } from '#bot/evidence/pack.ts';
import { readText } from '#bot/gates/context.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { verify } from '#engine/attestation/envelope.ts';
import { KEYS_PATH, parsePublicKeys, type TrustedKey, trustedKeys } from '#engine/attestation/keys.ts';
import { type Statement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';

/** What is known of who vouches for one strategy on a commit. */
export interface Vouched {
  readonly strategy: string;
  readonly tree: string;
  readonly isSigned: boolean;
  /** Stable, for programs: `signed`, `unsigned`, or why the statement is not believed. */
  readonly code: string;
  /** One sentence. */
  readonly verdict: string;
  readonly signature: Signature | null;
}

/** What a statement that is believed says. */
export interface Signature {
  readonly kind: 'gates' | 'adopted';
  readonly key: string;
  readonly time: string;
  readonly verifier: string;
  readonly gates: readonly string[];
  readonly head: string;
  readonly base: string | null;
  /** Tree of `policies/` that decided. */
  readonly policy: string;
  /** Digest of the evidence the gates re-executed. */
  readonly evidence: string | null;
}

/** Where statements are looked for, and whom to believe. */
export interface Vouchers {
  readonly repository: Repository;
  readonly state: StateReader;
  readonly main: CommitHash;
  readonly keys: readonly TrustedKey[];
}

/**
 * The keys are those that stand on main now: one that was revoked since counts for no commit, however old.
 * @throws RatchetError `verify/no-keys`
 */
export async function vouchersAt(main: CommitHash, repository: Repository, state: StateReader): Promise<Vouchers> {
  const text = await readText(repository, main, KEYS_PATH);
  if (text === null)
    throw new RatchetError('verify/no-keys', `main has no ${KEYS_PATH}.`, 'Without public keys nothing can be verified.');
  return { repository, state, main, keys: trustedKeys(parsePublicKeys(text)) };
}

/** Verifies the statement over a strategy's tree: key, subject, the policies that decided, and the evidence that lies in the tree. */
export async function vouchedFor(vouchers: Vouchers, commit: CommitHash, strategy: string, tree: TreeHash): Promise<Vouched> {
  const refuse = (code: string, verdict: string): Vouched => ({
    strategy,
    tree,
    isSigned: false,
    code,
    verdict,
    signature: null,
  });
  const path = statementPath(tree);
  const envelope = await vouchers.state.readText(path);
  if (envelope === null)
    return refuse('unsigned', `Nobody vouches for it: there is no ${path} on ratchet/state; bring it as a pull request.`);
  const result = verify(envelope, vouchers.keys, { strategy, tree });
  if (!result.ok) return refuse(result.code, `${path}: ${result.message}`);
  const signature = signatureIn(result.statement, result.keyId);
  const complaint =
    (await policyComplaint(vouchers, signature)) ?? (await evidenceComplaint(vouchers, commit, strategy, signature));
  if (complaint !== null) return refuse(...complaint);
  const what = signature.kind === 'gates' ? `passed ${signature.gates.join(', ')}` : 'was adopted by the owner';
  return { strategy, tree, isSigned: true, code: 'signed', verdict: what, signature };
}

function signatureIn({ predicate }: Statement, key: string): Signature {
  const { ratchet: claim, policy, verifier, timeVerified } = predicate;
  return {
    kind: claim.kind,
    key,
    time: timeVerified,
    verifier: verifier.id,
    gates: claim.kind === 'gates' ? Object.keys(claim.gates) : [],
    head: claim.head,
    base: claim.kind === 'gates' ? claim.base : null,
    policy: policy.digest.gitTree,
    evidence: claim.kind === 'gates' ? claim.evidence : null,
  };
}

/** The policy that decided must be one that main had where it decided: the same question the engine asks. */
async function policyComplaint(
  { repository, main }: Vouchers,
  { base, head, policy }: Signature,
): Promise<[string, string] | null> {
  const decidedAt = await repository.resolve(base ?? head);
  const where = (base ?? head).slice(0, 12);
  if (decidedAt === null || !(await repository.isOnFirstParentLine(decidedAt, main)))
    return ['wrong-policy', `The statement was made on ${where}, which main never was.`];
  if ((await repository.treeOf(decidedAt, 'policies')) === policy) return null;
  return ['wrong-policy', `The statement names policies that main did not have at ${where}.`];
}

async function evidenceComplaint(
  { repository }: Vouchers,
  commit: CommitHash,
  strategy: string,
  { evidence }: Signature,
): Promise<[string, string] | null> {
  if (evidence === null) return null;
  const pack = await repository.readFile(commit, `strategies/${strategy}/${PACK_PATH}`);
  if (pack !== null && digestOf(pack) === evidence) return null;
  return ['wrong-evidence', `The statement speaks of other evidence than strategies/${strategy}/${PACK_PATH}.`];
}
