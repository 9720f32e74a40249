import { code, plain, shortened } from '#bot/evidence/markdown.ts';
import { statementOver } from '#bot/gates/proven-before.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, TreeHash } from '#engine/repository/repository.ts';
import type { Decider } from './decisions.ts';
import { MAIN, tipOfMain } from './life-options.ts';
import { folderOf, noStrategy, type OnDemandOptions, openOnDemand, type Proposed, ROLL_BACK } from './on-demand.ts';

export interface RollBackRequest {
  readonly strategy: string;
  /** The beginning of a commit's hash on main's line, or of the strategy's tree there, at least 7 digits; null for the one before. */
  readonly version: string | null;
  /** Null when the engine gave the reason and nobody has decided yet. */
  readonly by: Decider | null;
  readonly why: string;
  /** The issue in which the engine's trouble is told; null when there is none. */
  readonly issue?: number | null;
}

const VERSION_LENGTH_MIN = 7;
const WHY_LENGTH_MAX = 1_000;

/**
 * Opens a pull request that brings back the very tree of a version that ran before. The engine's own wish is carried out once for each
 * pair of versions, whatever became of it; a person may ask again.
 * @throws RatchetError `life/no-strategy`, `life/no-version`, `life/foreign-commits`
 */
export async function proposeRollBack(request: RollBackRequest, options: OnDemandOptions): Promise<Proposed> {
  const { strategy, by, issue } = request;
  const { repository, state } = options;
  const folder = folderOf(strategy);
  const base = await tipOfMain(options);
  await state.refresh();
  const present = await repository.treeOf(base, folder);
  const target = await earlierVersion(request, base, present, options);
  const why = shortened(plain(request.why), WHY_LENGTH_MAX);
  const proposed = await openOnDemand(
    {
      kind: ROLL_BACK,
      strategy,
      name: `${present?.slice(0, 12) ?? 'removed'}-${target.tree.slice(0, 12)}`,
      base,
      changes: await changesBackTo(target, folder, base, options),
      title: `${strategy}: back to the version of ${target.commit.slice(0, 12)}`,
      message: why,
      isRepeatable: by !== null,
      body: (head) =>
        [
          `Brings back \`${folder}\` as it was at ${code(target.commit.slice(0, 12))}: tree ${code(target.tree)}, in place of ${present === null ? 'nothing' : code(present)}.`,
          '',
          `**Why.** ${why}${issue == null ? '' : ` See #${issue}.`}`,
          '',
          by === null
            ? `The engine gave the reason, and nobody has decided yet: a person who agrees comments \`/approve ${head}\`.`
            : `Asked for by @${by.by}.`,
          '',
          `This very tree was signed on ${target.signedAt.slice(0, 10)}, so its evidence stands and none is made anew. When this is merged, the engine goes back at its next bar; positions and their stops are kept.`,
        ].join('\n'),
    },
    options,
  );
  return proposed;
}

/** @throws RatchetError `life/no-version` when the folder held more than plain files: then it would not be the same tree */
async function changesBackTo(
  { commit }: Version,
  folder: string,
  base: CommitHash,
  { repository }: OnDemandOptions,
): Promise<ReadonlyMap<string, Uint8Array | null>> {
  const present = await repository.listFiles(base, folder);
  const wanted = await repository.listFiles(commit, folder);
  if (wanted.some(({ mode }) => mode !== '100644') || present.some(({ mode }) => mode === '100755')) {
    const message = `${folder} at ${commit.slice(0, 12)} holds more than plain files.`;
    throw new RatchetError('life/no-version', message, 'Revert the commit by hand: see docs/ops/roll-back.md.');
  }
  const paths = wanted.map(({ path }) => path);
  return new Map<string, Uint8Array | null>([
    ...present.map(({ path }) => [path, null] as const),
    ...(await repository.readFiles(commit, paths)),
  ]);
}

interface Version {
  readonly commit: CommitHash;
  readonly tree: TreeHash;
  /** ISO 8601, UTC. */
  readonly signedAt: string;
}

/** The newest version before the present one that fits the request and whose statement counts today. */
async function earlierVersion(
  { strategy, version }: RollBackRequest,
  base: CommitHash,
  present: TreeHash | null,
  { repository, state }: OnDemandOptions,
): Promise<Version> {
  const wanted = wantedDigits(strategy, version);
  const log = await repository.firstParentLog(null, base);
  const seen = new Set<string | null>([present, null]);
  let hasUnsigned = false;
  let isKnown = present !== null;
  for (const { commit } of log.toReversed()) {
    const tree = await repository.treeOf(commit, folderOf(strategy));
    isKnown ||= tree !== null;
    if (wanted !== null && !commit.startsWith(wanted) && tree?.startsWith(wanted) !== true) continue;
    if (wanted !== null && tree !== null && tree === present)
      throw noVersion(strategy, `the version of ${commit.slice(0, 12)} is the one on ${MAIN}`);
    if (tree === null || seen.has(tree)) continue;
    seen.add(tree);
    const change = { id: strategy, baseTree: present, headTree: tree };
    const statement = await statementOver({ repository, base, state }, change);
    if (statement !== null) return { commit, tree, signedAt: statement.predicate.timeVerified };
    hasUnsigned = true;
  }
  if (!isKnown) throw noStrategy(strategy);
  const what = wanted === null ? 'an earlier version' : wanted;
  if (hasUnsigned) throw noVersion(strategy, `${what} has no signature that counts today, so the engine would not run it`);
  throw noVersion(strategy, wanted === null ? `${MAIN} never had another version` : `${MAIN} never stood at ${wanted}`);
}

function wantedDigits(strategy: string, version: string | null): string | null {
  if (version === null) return null;
  if (version.length >= VERSION_LENGTH_MIN && /^[0-9a-f]+$/i.test(version)) return version.toLowerCase();
  const name = JSON.stringify(version.slice(0, 60));
  throw noVersion(strategy, `${name} names no version; give at least ${VERSION_LENGTH_MIN} digits of a commit of ${MAIN}`);
}

function noVersion(strategy: string, why: string): RatchetError {
  return new RatchetError('life/no-version', `${strategy} cannot go back: ${why}.`, 'Nothing was done.', { strategy });
}
