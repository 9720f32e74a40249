import { mkdir } from 'node:fs/promises';
import { RatchetError } from '#engine/errors.ts';
import { GitFailure, gitIn, type LocalGit, runGit } from './git.ts';
import { mirrorIn } from './mirror-in.ts';
import { blobHash, checkedPath, commitHash, fullRef, treeHash } from './names.ts';
import { ObjectStore } from './object-store.ts';
import { logFormat, parseLineCounts, parseListing, parseLog, parseRawDiff } from './parse.ts';
import { checkedRemote, type Remote, remoteConfig, remoteError } from './remote.ts';
import type { BlobHash, ChangedFile, CommitHash, ListedFile, LoggedCommit, LoggedVersion, NewCommit, TreeHash } from './types.ts';
import { writeCommit } from './write-commit.ts';

export type * from './types.ts';

export interface RepositoryOptions {
  readonly dir: string;
  readonly remoteUrl?: string;
  /** The value of the Authorization header for the remote: see `basicAuthorization`. */
  readonly authorization?: () => Promise<string> | string;
  /** Limit of one local command. */
  readonly localTimeoutMs?: number;
  /** Limit of one fetch or push. */
  readonly remoteTimeoutMs?: number;
}

const allHeads = '+refs/heads/*:refs/heads/*';

/** Folders of branches that are this mirror's alone: no fetch brings, moves or removes one. Below the bot's own, so that nobody's branch is hidden. */
export const LOCAL_BRANCHES = ['ratchet/night', 'ratchet/rescue'] as const;
const butOwn = LOCAL_BRANCHES.map((folder) => `^refs/heads/${folder}/*`);

/**
 * A repository on this disk and, mostly, the remote it follows. Everything is read from objects: there is no work tree,
 * nothing is checked out, and no file of the repository is ever executed.
 */
export class Repository {
  readonly dir: string;
  readonly remoteUrl: string | null;
  readonly #remote: Remote | null;
  readonly #git: LocalGit;
  readonly #objects: ObjectStore;
  readonly #remoteTimeoutMs: number;
  readonly #isMirror: boolean;
  /** Fetches of one mirror lock the same refs: they take turns. */
  #fetching: Promise<unknown> = Promise.resolve();

  private constructor(options: RepositoryOptions, isMirror: boolean) {
    this.dir = options.dir;
    this.#isMirror = isMirror;
    this.remoteUrl = options.remoteUrl ?? null;
    this.#remote =
      options.remoteUrl === undefined
        ? null
        : checkedRemote({ url: options.remoteUrl, ...(options.authorization ? { authorization: options.authorization } : {}) });
    this.#git = gitIn(options.dir, options.localTimeoutMs ?? 30_000);
    this.#objects = new ObjectStore(this.#git);
    this.#remoteTimeoutMs = options.remoteTimeoutMs ?? 120_000;
  }

  /** Opens a bare mirror of `remoteUrl` in `dir`, creating it when absent or damaged. Contacts nobody: `fetch` does. */
  static async openMirror(options: RepositoryOptions & { readonly remoteUrl: string }): Promise<Repository> {
    const repository = new Repository(options, true);
    if (!(await mirrorIn(options.dir))) {
      await mkdir(options.dir, { recursive: true });
      await repository.#git(['init', '--quiet', '--bare', '--initial-branch=main', '.']);
    }
    return repository;
  }

  /** Opens what already stands in `dir`: a clone, a work tree or a bare repository. Throws `repository/absent` when it is none. */
  static async open(options: RepositoryOptions): Promise<Repository> {
    const repository = new Repository(options, false);
    try {
      await repository.#git(['rev-parse', '--git-dir']);
    } catch (error) {
      throw new RatchetError(
        'repository/absent',
        `${options.dir} is not a git repository.`,
        'Run this inside a clone.',
        { dir: options.dir },
        error,
      );
    }
    return repository;
  }

  /**
   * Brings the remote's branches here; branches that are gone there go here too, but for `LOCAL_BRANCHES`. In a repository that is no mirror the branches
   * must be named, because those of the person who works there would be overwritten.
   * Throws `repository/unreachable` or `repository/denied`.
   */
  async fetch(refspecs?: readonly string[]): Promise<void> {
    const remote = this.#requireRemote();
    const wanted = refspecs ?? this.#allBranches();
    const turn = this.#fetching.then(async () => {
      const args = ['fetch', '--quiet', '--prune', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
      await this.#remoteGit('fetch', remote, [...args, '--update-head-ok', remote.url, ...wanted, ...butOwn]);
    });
    this.#fetching = turn.catch(() => undefined);
    return turn;
  }

  /** The commit a branch, a full ref or a full hash names; null when there is none. */
  async resolve(ref: string): Promise<CommitHash | null> {
    return (await this.resolveEach([ref]))[0]!;
  }

  /** Like `resolve`, for several in one question. */
  async resolveEach(refs: readonly string[]): Promise<(CommitHash | null)[]> {
    const isName = (ref: string): boolean => /^[0-9a-f]{40}$|^[0-9a-f]{64}$/.test(ref) || ref === 'HEAD';
    const infos = await this.#objects.inspect(refs.map((ref) => `${isName(ref) ? ref : fullRef(ref)}^{commit}`));
    return infos.map((info) => (info === null ? null : commitHash(info.hash)));
  }

  /** Like `resolve`, where absence is an error: `repository/unknown-commit`. */
  async require(ref: string): Promise<CommitHash> {
    const commit = await this.resolve(ref);
    if (commit !== null) return commit;
    throw new RatchetError(
      'repository/unknown-commit',
      `There is no commit ${ref} in ${this.dir}.`,
      'Fetch, or check the name.',
      { ref },
    );
  }

  /** The folder's tree; null when the path is absent or no folder. The empty path is the root. */
  async treeOf(commit: CommitHash, path: string): Promise<TreeHash | null> {
    const [info] = await this.#objects.inspect([path === '' ? `${commit}^{tree}` : `${commit}:${checkedPath(path)}`]);
    return info?.type === 'tree' ? treeHash(info.hash) : null;
  }

  /** The file's bytes; null when the path is absent or no file. */
  async readFile(commit: CommitHash, path: string): Promise<Uint8Array | null> {
    const files = await this.readFiles(commit, [path]);
    return files.get(path) ?? null;
  }

  /** Many files in one question; paths that are absent or folders are left out. */
  async readFiles(commit: CommitHash, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
    const contents = await this.#objects.contents(paths.map((path) => `${commit}:${checkedPath(path)}`));
    // Each its own: what a reader does to its bytes is nobody else's.
    return new Map(paths.flatMap((path, index) => (contents[index] ? [[path, new Uint8Array(contents[index])] as const] : [])));
  }

  async readBlobs(blobs: readonly BlobHash[]): Promise<Uint8Array[]> {
    const contents = await this.#objects.contents(blobs);
    return blobs.map((blob, index) => {
      const content = contents[index];
      if (!content) throw missing(blob);
      return new Uint8Array(content);
    });
  }

  /** Every file at or under `path`, in git's order. */
  async listFiles(commit: CommitHash, path: string): Promise<ListedFile[]> {
    const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
    return parseListing(await this.#git(path === '' ? args : [...args, '--', checkedPath(path)]));
  }

  async isAncestor(ancestor: CommitHash, descendant: CommitHash): Promise<boolean> {
    return (await this.mergeBase(ancestor, descendant)) === ancestor;
  }

  /** The best common ancestor; null when the histories are unrelated. */
  async mergeBase(a: CommitHash, b: CommitHash): Promise<CommitHash | null> {
    try {
      return commitHash((await this.#git(['merge-base', a, b])).toString('utf8').trim());
    } catch (error) {
      if (error instanceof GitFailure && !/fatal|error:.*(?:missing|not a valid)/i.test(error.text)) return null;
      throw error;
    }
  }

  /** Commits on `to`'s first-parent line after `from` (from the root when null), oldest first. */
  async firstParentLog(from: CommitHash | null, to: CommitHash): Promise<LoggedCommit[]> {
    const range = from === null ? [to] : [to, `^${from}`];
    return parseLog(await this.#git(['log', '--first-parent', '--reverse', '-z', `--format=${logFormat}`, ...range, '--']));
  }

  /** True when `commit` was itself once the tip that `tip`'s first-parent line went through: what "forward only" means. */
  async isOnFirstParentLine(commit: CommitHash, tip: CommitHash): Promise<boolean> {
    if (commit === tip) return true;
    const line = (await this.#git(['rev-list', '--first-parent', tip, '--'])).toString('utf8').split('\n');
    return line.includes(commit);
  }

  /** What head changed against base, renames found, in git's order. */
  async diff(base: CommitHash, head: CommitHash): Promise<ChangedFile[]> {
    const args = ['diff-tree', '-r', '-z', '-M', '--no-commit-id', '--no-ext-diff', '--no-textconv'];
    const changes = parseRawDiff(await this.#git([...args, '--raw', '--no-abbrev', base, head]));
    if (changes.length === 0) return [];
    const counts = parseLineCounts(await this.#git([...args, '--numstat', base, head]));
    const infos = await this.#objects.inspect(changes.flatMap(({ blob }) => blob ?? []));
    const sizes = new Map(infos.flatMap((info) => (info === null ? [] : [[info.hash, info.size] as const])));
    return changes.map(({ blob, ...change }) => ({
      ...change,
      ...(counts.get(change.path) ?? { additions: 0, deletions: 0, isBinary: false }),
      isSymlink: change.mode === '120000',
      size: blob === null ? 0 : (sizes.get(blob) ?? 0),
    }));
  }

  /**
   * Writes a commit without a work tree and moves no branch: `push` does. The same inputs give the same hash.
   * A file keeps its executable bit; a link that is written to becomes a plain file.
   */
  commit(next: NewCommit): Promise<CommitHash> {
    return writeCommit(this.#git, next);
  }

  /**
   * Moves a branch of the remote to `commit`, and the local copy of it after. With `expect` the remote must stand exactly
   * there (null: must not exist), otherwise `repository/moved`; without it only a fast-forward passes.
   */
  async push(ref: string, commit: CommitHash, options: { readonly expect?: CommitHash | null } = {}): Promise<void> {
    const remote = this.#requireRemote();
    const name = fullRef(ref);
    const lease = options.expect === undefined ? [] : [`--force-with-lease=${name}:${options.expect ?? ''}`];
    await this.#remoteGit('push', remote, ['push', '--porcelain', '--no-verify', ...lease, remote.url, `${commit}:${name}`]);
    await this.#git(['update-ref', name, commit]);
  }

  /**
   * Moves several refs of the remote in one step: all of them or none, each only from where `expect` says it stands (null: it does
   * not exist). `to` null deletes. Local copies follow.
   * @throws RatchetError `repository/moved` when one stood elsewhere, `repository/denied`, `repository/unreachable`
   */
  async pushTogether(
    moves: readonly { readonly ref: string; readonly to: CommitHash | null; readonly expect: CommitHash | null }[],
  ): Promise<void> {
    const remote = this.#requireRemote();
    const named = moves.map(({ ref, to, expect }) => ({ name: fullRef(ref), to, expect }));
    const leases = named.map(({ name, expect }) => `--force-with-lease=${name}:${expect ?? ''}`);
    const refspecs = named.map(({ name, to }) => `${to ?? ''}:${name}`);
    await this.#remoteGit('push', remote, ['push', '--porcelain', '--no-verify', '--atomic', ...leases, remote.url, ...refspecs]);
    for (const { name, to } of named) await this.#git(to === null ? ['update-ref', '-d', name] : ['update-ref', name, to]);
  }

  /** Branches of the mirror with their tips, by name, as the last fetch left them; those of the bot's own state are among them. */
  async branches(): Promise<readonly { readonly name: string; readonly tip: CommitHash }[]> {
    const output = await this.#git(['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)', 'refs/heads']);
    const rows = output.toString('utf8').split('\n').filter(Boolean);
    return rows.map((row) => ({ tip: commitHash(row.slice(0, row.indexOf(' '))), name: row.slice(row.indexOf(' ') + 1) }));
  }

  /** One commit as the log shows it. */
  async logged(commit: CommitHash): Promise<LoggedCommit> {
    const [found] = parseLog(await this.#git(['log', '-1', '-z', `--format=${logFormat}`, commit, '--']));
    if (found === undefined) throw missing(commit);
    return found;
  }

  /** How far `to` has gone since it left `from`: every commit of it that `from` does not have, merged lines included, oldest first. */
  async commitsSince(from: CommitHash, to: CommitHash): Promise<LoggedCommit[]> {
    return parseLog(await this.#git(['log', '--topo-order', '--reverse', '-z', `--format=${logFormat}`, to, `^${from}`, '--']));
  }

  /** What became of one file along `tip`'s first-parent line: each commit that changed it, oldest first, and what it left there. */
  async history(tip: CommitHash, path: string): Promise<LoggedVersion[]> {
    const args = ['log', '--first-parent', '--reverse', '-z', `--format=${logFormat}`, tip, '--', checkedPath(path)];
    const commits = parseLog(await this.#git(args));
    const infos = await this.#objects.inspect(commits.map(({ commit }) => `${commit}:${path}`));
    return commits.map((logged, index) => {
      const info = infos[index];
      return { ...logged, blob: info?.type === 'blob' ? blobHash(info.hash) : null };
    });
  }

  async #remoteGit(action: string, remote: Remote, args: readonly string[]): Promise<void> {
    const config = await remoteConfig(remote);
    try {
      await runGit({ dir: this.dir, args, config, timeoutMs: this.#remoteTimeoutMs });
    } catch (error) {
      throw remoteError(action, remote.url, error);
    }
  }

  #allBranches(): readonly string[] {
    if (this.#isMirror) return [allHeads];
    throw new RatchetError(
      'repository/no-mirror',
      `${this.dir} is not a mirror.`,
      'Name the branches to fetch, or open a mirror.',
    );
  }

  #requireRemote(): Remote {
    if (this.#remote !== null) return this.#remote;
    throw new RatchetError('repository/no-remote', `${this.dir} was opened without a remote.`, 'Open it with remoteUrl.');
  }
}

function missing(hash: string): RatchetError {
  return new RatchetError('repository/missing', `Object ${hash} is not in the repository.`, 'Fetch, or run git fsck.', { hash });
}
