import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import { GitFailure, runGit } from './git.ts';
import { fullRef } from './names.ts';
import { Repository } from './repository.ts';
import type { CommitHash, NewCommit } from './types.ts';

const LOCAL_TIMEOUT_MS = 30_000;
/** What `update-ref` takes for "there is none yet". */
const NOTHING = '0'.repeat(40);

export interface WorktreeOptions {
  readonly repository: Repository;
  /** The folder of the checkout itself. Whatever lies there and was not committed is gone after `open`. */
  readonly dir: string;
  /** One that no remote has a say in: see `LOCAL_BRANCHES`. One writer at a time, which the caller sees to. */
  readonly branch: string;
}

/**
 * A branch of a mirror with a checkout of its own. The branch is the truth, and everything is read from its commits; the folder shows it
 * to people and to programs that want files. A commit is made whole and the branch moved to it in one step, so that a kill at any
 * moment leaves the last commit, and never half of the next.
 */
export class Worktree {
  readonly dir: string;
  readonly branch: string;
  readonly repository: Repository;
  #tip: CommitHash;

  private constructor({ repository, dir, branch }: WorktreeOptions, tip: CommitHash) {
    this.repository = repository;
    this.dir = resolve(dir);
    this.branch = branch;
    this.#tip = tip;
  }

  /**
   * Takes up the branch where it stands and checks it out anew. What another mirror has checked out in the same folder is brought over
   * when it goes on from there; a branch that nobody has begins at what `start` gives.
   */
  static async open(options: WorktreeOptions, start: () => Promise<CommitHash>): Promise<Worktree> {
    const { repository, branch } = options;
    const ref = fullRef(branch);
    // There is one writer, so a lock on the branch is of one that was killed.
    await rm(join(repository.dir, `${ref}.lock`), { force: true });
    await bringOver(options);
    let tip = await repository.resolve(branch);
    if (tip === null) {
      tip = await start();
      await git(repository.dir, ['update-ref', ref, tip, NOTHING]);
    }
    const worktree = new Worktree(options, tip);
    await worktree.#checkOut();
    return worktree;
  }

  get tip(): CommitHash {
    return this.#tip;
  }

  /** A file as the branch has it; null when it has none. */
  async readText(path: string): Promise<string | null> {
    const bytes = await this.repository.readFile(this.#tip, path);
    return bytes === null ? null : Buffer.from(bytes).toString('utf8');
  }

  /**
   * One commit on top, and the checkout after it.
   * @throws RatchetError `repository/moved` when somebody else has moved the branch
   */
  async commit(next: Omit<NewCommit, 'parent'>): Promise<CommitHash> {
    const commit = await this.repository.commit({ ...next, parent: this.#tip });
    try {
      await git(this.repository.dir, ['update-ref', fullRef(this.branch), commit, this.#tip]);
    } catch (error) {
      if (!(error instanceof GitFailure) || (await this.repository.resolve(this.branch)) === this.#tip) throw error;
      throw new RatchetError(
        'repository/moved',
        `Somebody else has moved ${this.branch}.`,
        'See that one program works on it at a time.',
        { branch: this.branch },
        error,
      );
    }
    this.#tip = commit;
    // Somebody may have taken the folder away: it shows what is committed, and can be made again.
    if (existsSync(join(this.dir, '.git'))) await git(this.dir, ['reset', '--hard', '--quiet']);
    else await this.#checkOut();
    return commit;
  }

  async #checkOut(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
    await mkdir(dirname(this.dir), { recursive: true });
    await git(this.repository.dir, ['worktree', 'add', '--quiet', '--force', this.dir, this.branch]);
  }
}

/** A checkout as it lies on the disk. */
export interface FoundWorktree {
  readonly dir: string;
  /** The repository it is a checkout of. */
  readonly repository: Repository;
  readonly branch: string;
  /** Null when the branch is gone: what a removal that was killed leaves. */
  readonly tip: CommitHash | null;
}

/** The checkouts of branches directly under a folder, by name; nothing when there is no such folder. What is no checkout is left out. */
export async function worktreesIn(folder: string): Promise<readonly FoundWorktree[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).sort();
  const found = await Promise.all(names.map((name) => worktreeAt(join(folder, name))));
  return found.filter((worktree) => worktree !== null);
}

/** Null when no checkout of a branch lies there, or when its repository is gone. */
export async function worktreeAt(dir: string): Promise<FoundWorktree | null> {
  const pointer = await readIfThere(join(dir, '.git'));
  const admin = pointer?.match(/^gitdir: (.+)$/m)?.[1];
  if (admin === undefined) return null;
  const [common, head] = [await readIfThere(join(admin, 'commondir')), await readIfThere(join(admin, 'HEAD'))];
  const branch = head?.match(/^ref: refs\/heads\/(.+)$/m)?.[1];
  if (common === null || branch === undefined) return null;
  const repository = await Repository.open({ dir: resolve(admin, common.trim()) });
  return { dir: resolve(dir), repository, branch, tip: await repository.resolve(branch) };
}

/** Takes away the branch and its checkout. A kill in between leaves a checkout without a branch, to be removed again. */
export async function removeWorktree({ dir, repository, branch }: Omit<FoundWorktree, 'tip'>): Promise<void> {
  await git(repository.dir, ['update-ref', '-d', fullRef(branch)]);
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  await git(repository.dir, ['worktree', 'prune']);
}

/**
 * Gives a commit a branch in the mirror, to be kept.
 * @throws RatchetError `repository/exists` when there is one by that name and it stands elsewhere, or one that git would have to keep
 * as a folder of it; `repository/bad-name`
 */
export async function keepAs(repository: Repository, branch: string, commit: CommitHash): Promise<void> {
  const standing = await repository.resolve(branch);
  if (standing === commit) return;
  if (standing !== null)
    throw new RatchetError('repository/exists', `There is a branch ${branch} already.`, 'Give another name.', { branch });
  const names = (await repository.branches()).map(({ name }) => name);
  const clash = names.find((name) => name.startsWith(`${branch}/`) || branch.startsWith(`${name}/`));
  if (clash !== undefined)
    throw new RatchetError('repository/exists', `git keeps no ${branch} beside ${clash}.`, 'Give another name.', { branch });
  await git(repository.dir, ['update-ref', fullRef(branch), commit, NOTHING]);
}

/** One workspace may have several mirrors; whichever works on now has what another has done. The other keeps what it has. */
async function bringOver({ repository, dir, branch }: WorktreeOptions): Promise<void> {
  const other = await worktreeAt(dir);
  if (other === null || other.branch !== branch || other.tip === null) return;
  const own = await repository.resolve(branch);
  if (own === other.tip) return;
  const ref = fullRef(branch);
  // Objects first: only they tell which of the two goes on from the other.
  await git(repository.dir, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', other.repository.dir, ref]);
  if (own === null || (await repository.isAncestor(own, other.tip)))
    await git(repository.dir, ['update-ref', ref, other.tip, own ?? NOTHING]);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function git(dir: string, args: readonly string[]): Promise<Buffer> {
  return runGit({ dir, args, timeoutMs: LOCAL_TIMEOUT_MS });
}
