import type { LedgerWriter } from '#bot/evidence/ledger.ts';
import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import type { CandleStore } from '#engine/candles/candle-store.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Logger } from '#engine/log.ts';
import type { ChangedFile, CommitHash, Repository, TreeHash } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import type { AuthorClass } from './author-class.ts';

/** What every gate looks at: one pair of commits, and nothing that the head could have changed about the rules. */
export interface GateContext {
  readonly repository: Repository;
  readonly base: CommitHash;
  readonly head: CommitHash;
  /** Files the head changes since it left the base's history. */
  readonly changes: readonly ChangedFile[];
  /** Who made the change; unknown authors are held to the bot's rules, which are the stricter ones. */
  readonly author: AuthorClass;
  /** Null where nobody has brought any: only gates that need them mind. */
  readonly candles: CandleStore | null;
  /** The state branch, with the ledger that evidence is checked against; an opening of the vault is written there first. */
  readonly state: StateReader & LedgerWriter;
  readonly log: Logger;
}

/** What is needed to say what a change is, without running anything of it. */
export type ChangeContext = Pick<GateContext, 'repository' | 'base' | 'head' | 'changes' | 'author' | 'state'>;

export async function openContext(
  options: Omit<GateContext, 'changes' | 'base' | 'head'> & { base: string; head: string },
): Promise<GateContext> {
  return openChange(options);
}

/** @throws RatchetError `gates/no-commit` */
export async function openChange<T extends Pick<GateContext, 'repository'>>(
  options: T & { base: string; head: string },
): Promise<Omit<T, 'base' | 'head'> & Pick<GateContext, 'base' | 'head' | 'changes'>> {
  const { repository } = options;
  const base = await requireCommit(repository, options.base);
  const head = await requireCommit(repository, options.head);
  const changes = await repository.diff((await repository.mergeBase(base, head)) ?? base, head);
  return { ...options, base, head, changes };
}

async function requireCommit(repository: Repository, ref: string): Promise<CommitHash> {
  const commit = await repository.resolve(ref);
  if (commit !== null) return commit;
  throw new RatchetError(
    'gates/no-commit',
    `${ref} names no commit in ${repository.dir}.`,
    'Fetch it, or name a branch or a full hash.',
    { ref },
  );
}

export interface StrategyChange {
  readonly id: string;
  readonly baseTree: TreeHash | null;
  readonly headTree: TreeHash | null;
}

/** The strategies whose trees differ between base and head. */
export async function changedStrategies(
  context: Pick<GateContext, 'repository' | 'base' | 'head' | 'changes'>,
): Promise<readonly StrategyChange[]> {
  const ids = new Set<string>();
  for (const { path, previousPath } of context.changes) {
    for (const candidate of [path, previousPath]) {
      const id = candidate === undefined ? null : strategyOfPath(candidate);
      if (id !== null) ids.add(id);
    }
  }
  const changes: StrategyChange[] = [];
  for (const id of [...ids].sort()) {
    const [baseTree, headTree] = await Promise.all([treeAt(context, context.base, id), treeAt(context, context.head, id)]);
    if (baseTree !== headTree) changes.push({ id, baseTree, headTree });
  }
  return changes;
}

function treeAt(context: Pick<GateContext, 'repository'>, commit: CommitHash, id: string): Promise<TreeHash | null> {
  return context.repository.treeOf(commit, `strategies/${id}`);
}

/** The text files of a strategy's folder at a commit, evidence left out. */
export async function strategyFiles(
  repository: Repository,
  commit: CommitHash,
  id: string,
): Promise<ReadonlyMap<string, string>> {
  const folder = `strategies/${id}/`;
  const files = new Map<string, string>();
  for (const entry of await repository.listFiles(commit, `strategies/${id}`)) {
    const inside = entry.path.slice(folder.length);
    if (inside.startsWith('evidence/')) continue;
    const text = await readText(repository, commit, entry.path);
    if (text !== null) files.set(inside, text);
  }
  return files;
}

export async function readText(repository: Repository, commit: CommitHash, path: string): Promise<string | null> {
  const bytes = await repository.readFile(commit, path);
  return bytes === null ? null : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}
