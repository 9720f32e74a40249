import { verify } from '#engine/attestation/envelope.ts';
import type { TrustedKey } from '#engine/attestation/keys.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { type Manifest, parseManifest, type Stage, StrategyId } from '#engine/contract/manifest.ts';
import { commitHash } from '#engine/repository/names.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { CommitHash, TreeHash } from '#engine/repository/types.ts';
import { buildArtifact, type StrategyArtifact } from '#engine/sandbox/artifact.ts';

/** A strategy as main asks for it, proven and built: ready to be loaded. */
export interface Candidate {
  readonly id: string;
  readonly tree: TreeHash;
  readonly commit: CommitHash;
  readonly manifest: Manifest;
  readonly artifact: StrategyArtifact;
}

/** Why a tree is not loaded. `isFinal`: the same tree can never become loadable, because its own content is at fault. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
  readonly isFinal: boolean;
}

export type Examined = { readonly ok: true; readonly candidate: Candidate } | ({ readonly ok: false } & Refusal);

export interface Desired {
  readonly id: string;
  readonly tree: TreeHash;
}

export interface DesiredState {
  readonly strategies: readonly Desired[];
  /** Folders with a manifest whose name is no strategy id. */
  readonly strangers: readonly string[];
}

/** Every folder under `strategies/` that has a manifest, with its tree. */
export async function readDesired(repository: Repository, commit: CommitHash): Promise<DesiredState> {
  const files = await repository.listFiles(commit, 'strategies');
  const folders = files.flatMap(({ path }) => /^strategies\/([^/]+)\/manifest\.yaml$/s.exec(path)?.[1] ?? []);
  const strategies: Desired[] = [];
  for (const id of folders.filter((folder) => StrategyId.safeParse(folder).success)) {
    const tree = await repository.treeOf(commit, `strategies/${id}`);
    if (tree !== null) strategies.push({ id, tree });
  }
  return { strategies, strangers: folders.filter((folder) => !StrategyId.safeParse(folder).success) };
}

/** What a statement is looked up in and judged by. */
export interface Vouching {
  readonly repository: Repository;
  readonly state: StateReader;
  readonly keys: readonly TrustedKey[];
  readonly commit: CommitHash;
}

export interface Examination extends Vouching {
  /** Why a version of this stage may not trade here; null where it may. */
  readonly realMoneyRefusal: (stage: Stage) => string | null;
}

/** Asks of a tree everything that must hold before it may trade: signature, subject, policy, stage, manifest, static checks. */
export async function examine({ id, tree }: Desired, examination: Examination): Promise<Examined> {
  const signature = await checkStatement({ id, tree }, examination);
  if (signature !== null) return { ok: false, ...signature };
  const files = await textFiles(examination, id);
  const manifest = readManifest(id, files.get('manifest.yaml'));
  if (typeof manifest === 'string') return refuse('bad-manifest', manifest, true);
  const refusal = examination.realMoneyRefusal(manifest.stage);
  // A switch may be turned: the same tree can become loadable.
  if (refusal !== null) return refuse('stage-refused', refusal, false);
  const verdict = await buildArtifact(files, manifest.entry);
  if (!verdict.ok) {
    const [first] = verdict.findings;
    return refuse('static-check', `${first?.file}:${first?.line}: ${first?.message} (${first?.rule})`, true);
  }
  return { ok: true, candidate: { id, tree, commit: examination.commit, manifest, artifact: verdict.artifact } };
}

/** Null when the tree's statement is there, signed by a trusted key, about this tree, and made under a policy that stood on main. */
export async function checkStatement(
  { id, tree }: Desired,
  { repository, state, keys, commit }: Vouching,
): Promise<Refusal | null> {
  const text = await state.readText(statementPath(tree));
  if (text === null) return { code: 'unsigned', reason: `no statement vouches for tree ${tree.slice(0, 12)}`, isFinal: false };
  const verification = verify(text, keys, { strategy: id, tree });
  if (!verification.ok) return { code: verification.code, reason: verification.message, isFinal: false };
  const { ratchet: claim, policy } = verification.statement.predicate;
  // The policy that decided is the base's; an adopted tree was put there together with its policy.
  const decidedAt = commitHash(claim.kind === 'gates' ? claim.base : claim.head);
  if ((await repository.resolve(decidedAt)) === null || !(await repository.isOnFirstParentLine(decidedAt, commit))) {
    return {
      code: 'wrong-policy',
      reason: `the statement was made on ${decidedAt.slice(0, 12)}, which main never was`,
      isFinal: false,
    };
  }
  if ((await repository.treeOf(decidedAt, 'policies')) !== policy.digest.gitTree) {
    return {
      code: 'wrong-policy',
      reason: `the statement names a policy that main did not have at ${decidedAt.slice(0, 12)}`,
      isFinal: false,
    };
  }
  return null;
}

/** The strategy's own text files by path inside its folder; evidence, links and what is no text are left out. */
async function textFiles({ repository, commit }: Vouching, id: string): Promise<Map<string, string>> {
  const folder = `strategies/${id}/`;
  const listed = await repository.listFiles(commit, `strategies/${id}`);
  const wanted = listed.filter(
    ({ path, mode, size }) => mode.startsWith('100') && !path.startsWith(`${folder}evidence/`) && (size ?? 0) <= maxFileBytes,
  );
  const files = await repository.readFiles(
    commit,
    wanted.map(({ path }) => path),
  );
  const texts = new Map<string, string>();
  for (const [path, bytes] of files) {
    const text = decode(bytes);
    if (text !== null) texts.set(path.slice(folder.length), text);
  }
  return texts;
}

/** What a strategy's file may have; the static checks have tighter limits of their own. */
const maxFileBytes = 1_000_000;

/** Nothing is left out on the way: a byte order mark is there to be judged. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The manifest, or what is wrong with it. */
function readManifest(id: string, text: string | undefined): Manifest | string {
  if (text === undefined) return 'manifest.yaml is no readable text';
  const parsed = parseManifest(text);
  if ('problem' in parsed) return `manifest.yaml is wrong: ${parsed.problem}`;
  const { manifest } = parsed;
  return manifest.id === id ? manifest : `manifest.yaml says id ${manifest.id}, but stands in strategies/${id}`;
}

function refuse(code: string, reason: string, isFinal: boolean): Examined {
  return { ok: false, code, reason, isFinal };
}
