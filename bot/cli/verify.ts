import { Command } from 'commander';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { readText } from '#bot/gates/context.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { verify } from '#engine/attestation/envelope.ts';
import { KEYS_PATH, parsePublicKeys, type TrustedKey, trustedKeys } from '#engine/attestation/keys.ts';
import { type Statement, statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { openForReading } from './open-mirror.ts';

interface VerifyFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** What is known of who vouches for one strategy on a commit. */
interface Vouched {
  readonly strategy: string;
  readonly tree: string;
  readonly isSigned: boolean;
  /** Stable, for programs: `signed`, `unsigned`, `no-main`, or why the statement is not believed. */
  readonly code: string;
  /** One sentence. */
  readonly verdict: string;
  readonly signature: Signature | null;
}

/** What a statement that is believed says. */
interface Signature {
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

/** `ratchet verify COMMIT`: who signed what of the strategies on a commit. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check the signatures over every strategy on a commit, and say who signed what.')
    .argument('[commit]', 'a branch or a full hash', 'main')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON array')
    .action(async (ref: string, flags: VerifyFlags) => {
      const { repository, state } = await openForReading(flags);
      const vouched = await verifyCommit(ref, repository, state);
      console.log(flags.json === true ? JSON.stringify(vouched) : vouched.map(inWords).join('\n'));
      process.exitCode = vouched.length > 0 && vouched.every((one) => one.isSigned) ? 0 : 1;
    });
}

/** The keys are those that stand on main now: one that was revoked since counts for no commit, however old. */
async function verifyCommit(ref: string, repository: Repository, state: StateReader): Promise<readonly Vouched[]> {
  const commit = await repository.resolve(ref);
  if (commit === null) throw new RatchetError('verify/no-commit', `${ref} names no commit.`, 'Give a branch or a full hash.');
  const main = (await repository.resolve('main')) ?? commit;
  const keysText = await readText(repository, main, KEYS_PATH);
  if (keysText === null)
    throw new RatchetError('verify/no-keys', `main has no ${KEYS_PATH}.`, 'Without public keys nothing can be verified.');
  const keys = trustedKeys(parsePublicKeys(keysText));
  const vouched: Vouched[] = [];
  for (const { path } of await repository.listFiles(commit, 'strategies')) {
    const strategy = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
    const tree = strategy === undefined ? null : await repository.treeOf(commit, `strategies/${strategy}`);
    if (strategy === undefined || tree === null) continue;
    vouched.push(await verifyTree({ repository, state, commit, main, keys }, strategy, tree));
  }
  return vouched;
}

interface Look {
  readonly repository: Repository;
  readonly state: StateReader;
  readonly commit: CommitHash;
  readonly main: CommitHash;
  readonly keys: readonly TrustedKey[];
}

async function verifyTree(look: Look, strategy: string, tree: TreeHash): Promise<Vouched> {
  const refuse = (code: string, verdict: string): Vouched => ({
    strategy,
    tree,
    isSigned: false,
    code,
    verdict,
    signature: null,
  });
  const path = statementPath(tree);
  const envelope = await look.state.readText(path);
  if (envelope === null) {
    return refuse('unsigned', `Nobody vouches for it: there is no ${path} on ratchet/state; bring it as a pull request.`);
  }
  const result = verify(envelope, look.keys, { strategy, tree });
  if (!result.ok) return refuse(result.code, `${path}: ${result.message}`);
  const signature = signatureIn(result.statement, result.keyId);
  const complaint = (await policyComplaint(look, signature)) ?? (await evidenceComplaint(look, strategy, signature));
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
async function policyComplaint({ repository, main }: Look, { base, head, policy }: Signature): Promise<[string, string] | null> {
  const decidedAt = await repository.resolve(base ?? head);
  const where = (base ?? head).slice(0, 12);
  if (decidedAt === null || !(await repository.isOnFirstParentLine(decidedAt, main)))
    return ['wrong-policy', `The statement was made on ${where}, which main never was.`];
  if ((await repository.treeOf(decidedAt, 'policies')) === policy) return null;
  return ['wrong-policy', `The statement names policies that main did not have at ${where}.`];
}

async function evidenceComplaint(
  { repository, commit }: Look,
  strategy: string,
  { evidence }: Signature,
): Promise<[string, string] | null> {
  if (evidence === null) return null;
  const pack = await repository.readFile(commit, `strategies/${strategy}/${PACK_PATH}`);
  if (pack !== null && digestOf(pack) === evidence) return null;
  return ['wrong-evidence', `The statement speaks of other evidence than strategies/${strategy}/${PACK_PATH}.`];
}

function inWords({ strategy, tree, isSigned, verdict, signature }: Vouched): string {
  const head = `${isSigned ? '✔' : '✘'} strategies/${strategy} ${tree.slice(0, 12)}: ${verdict}`;
  if (signature === null) return head;
  const { key, time, verifier, head: proven, base, policy, evidence } = signature;
  const lines = [
    `key       ${key}`,
    `signed    ${time} by ${verifier}`,
    base === null ? `commit    ${proven}` : `head      ${proven} on base ${base}`,
    `policies  ${policy}`,
    ...(evidence === null ? [] : [`evidence  ${evidence}`]),
  ];
  return [head, ...lines.map((line) => `    ${line}`)].join('\n');
}
