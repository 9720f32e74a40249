import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { RatchetError } from '#engine/errors.ts';
import { GitFailure, runGit } from './git.ts';
import { mirrorIn } from './mirror-in.ts';
import { blobHash, checkedPath, commitHash, fullRef, treeHash } from './names.ts';
import { type ObjectInfo, parseBatch, parseBatchCheck } from './objects.ts';
import { logFormat, parseLineCounts, parseListing, parseLog, parseRawDiff } from './parse.ts';
import { checkedRemote, type Remote, remoteConfig, remoteError } from './remote.ts';
import type { BlobHash, ChangedFile, CommitHash, ListedFile, LoggedCommit, LoggedVersion, NewCommit, TreeHash } from './types.ts';

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

interface RunOptions {
  readonly input?: Uint8Array;
  readonly env?: Record<string, string>;
}

/** A name that begins with a whole hash means the same object for ever, once it is here. */
const fixedName = /^[0-9a-f]{40}(?:[0-9a-f]{24})?(?:$|:|\^\{tree\}$|\^\{commit\}$)/;
const keptNames = 10_000;
const keptBytes = 16 * 1024 * 1024;

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
  readonly #localTimeoutMs: number;
  readonly #remoteTimeoutMs: number;
  /** Fetches of one mirror lock the same refs: they take turns. */
  #fetching: Promise<unknown> = Promise.resolve();

  readonly #isMirror: boolean;
  /** Every question to git is a process of its own, and the same ones come again and again. */
  readonly #kept = new LRUCache<string, ObjectInfo>({ max: keptNames });
  readonly #keptBlobs = new LRUCache<BlobHash, Buffer>({ maxSize: keptBytes, sizeCalculation: ({ length }) => length + 1 });

  private constructor(options: RepositoryOptions, isMirror: boolean) {
    this.dir = options.dir;
    this.#isMirror = isMirror;
    this.remoteUrl = options.remoteUrl ?? null;
    this.#remote =
      options.remoteUrl === undefined
        ? null
        : checkedRemote({ url: options.remoteUrl, ...(options.authorization ? { authorization: options.authorization } : {}) });
    this.#localTimeoutMs = options.localTimeoutMs ?? 30_000;
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
    const infos = await this.#inspectAll(refs.map((ref) => `${isName(ref) ? ref : fullRef(ref)}^{commit}`));
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
    const info = await this.#inspect(path === '' ? `${commit}^{tree}` : `${commit}:${checkedPath(path)}`);
    return info?.type === 'tree' ? treeHash(info.hash) : null;
  }

  /** The file's bytes; null when the path is absent or no file. */
  async readFile(commit: CommitHash, path: string): Promise<Uint8Array | null> {
    const files = await this.readFiles(commit, [path]);
    return files.get(path) ?? null;
  }

  /** Many files in one question; paths that are absent or folders are left out. */
  async readFiles(commit: CommitHash, paths: readonly string[]): Promise<Map<string, Uint8Array>> {
    const contents = await this.#blobsOf(paths.map((path) => `${commit}:${checkedPath(path)}`));
    // Each its own: what a reader does to its bytes is nobody else's.
    return new Map(paths.flatMap((path, index) => (contents[index] ? [[path, new Uint8Array(contents[index])] as const] : [])));
  }

  async readBlobs(blobs: readonly BlobHash[]): Promise<Uint8Array[]> {
    const contents = await this.#blobsOf(blobs);
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
    const infos = await this.#inspectAll(changes.flatMap(({ blob }) => blob ?? []));
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
  async commit({ parent, changes, message, author, date }: NewCommit): Promise<CommitHash> {
    const scratch = await mkdtemp(join(tmpdir(), 'ratchet-index-'));
    try {
      const env = { GIT_INDEX_FILE: join(scratch, 'index') };
      if (parent !== null) await this.#git(['read-tree', `${parent}^{tree}`], { env });
      const input = Buffer.from(await this.#indexLines(scratch, parent, changes), 'utf8');
      if (input.length > 0) await this.#git(['update-index', '-z', '--index-info'], { env, input });
      const tree = treeHash((await this.#git(['write-tree'], { env })).toString('utf8').trim());
      return await this.#commitTree(tree, { parent, message, author, date });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
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
    const infos = await this.#inspectAll(commits.map(({ commit }) => `${commit}:${path}`));
    return commits.map((logged, index) => {
      const info = infos[index];
      return { ...logged, blob: info?.type === 'blob' ? blobHash(info.hash) : null };
    });
  }

  async #indexLines(scratch: string, parent: CommitHash | null, changes: NewCommit['changes']): Promise<string> {
    const written = [...changes].flatMap(([path, content]) => (content === null ? [] : [{ path: checkedPath(path), content }]));
    const files = written.map((_, index) => join(scratch, `blob-${index}`));
    await Promise.all(written.map(({ content }, index) => writeFile(files[index]!, content)));
    const hashes =
      files.length === 0
        ? []
        : (await this.#git(['hash-object', '-w', '--no-filters', '--stdin-paths'], { input: lines(files) }))
            .toString('utf8')
            .split('\n');
    const modes = await this.#modes(
      parent,
      written.map(({ path }) => path),
    );
    const removed = [...changes].flatMap(([path, content]) =>
      content === null ? [`0 ${'0'.repeat(40)}\t${checkedPath(path)}\0`] : [],
    );
    const added = written.map(({ path }, index) => `${modes.get(path) ?? '100644'} ${blobHash(hashes[index]!)}\t${path}\0`);
    return [...removed, ...added].join('');
  }

  async #modes(parent: CommitHash | null, paths: readonly string[]): Promise<Map<string, string>> {
    if (parent === null || paths.length === 0) return new Map();
    const listed = parseListing(await this.#git(['ls-tree', '-z', '-l', '--full-tree', parent, '--', ...paths]));
    return new Map(listed.filter(({ mode }) => mode === '100755').map(({ path, mode }) => [path, mode]));
  }

  async #commitTree(tree: TreeHash, { parent, message, author, date }: Omit<NewCommit, 'changes'>): Promise<CommitHash> {
    const when = `@${Math.floor(date.getTime() / 1000)} +0000`;
    const env = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
      GIT_COMMITTER_DATE: when,
    };
    const args = ['commit-tree', '--no-gpg-sign', ...(parent === null ? [] : ['-p', parent]), tree];
    const output = await this.#git(args, { env, input: Buffer.from(`${message.trimEnd()}\n`, 'utf8') });
    return commitHash(output.toString('utf8').trim());
  }

  async #inspect(name: string): Promise<ObjectInfo | null> {
    return (await this.#inspectAll([name]))[0] ?? null;
  }

  async #inspectAll(names: readonly string[]): Promise<(ObjectInfo | null)[]> {
    const infos = names.map((name) => this.#kept.get(name) ?? null);
    const wanted = [...names.keys()].filter((index) => infos[index] === null);
    if (wanted.length === 0) return infos;
    const output = await this.#git(['cat-file', '--batch-check'], { input: lines(wanted.map((index) => names[index]!)) });
    for (const [place, info] of parseBatchCheck(output).entries()) {
      const index = wanted[place]!;
      infos[index] = info;
      if (info !== null) this.#keep(names[index]!, info);
    }
    return infos;
  }

  /** What is in the blobs that the names mean; null where one means none. Meaning and content come of one question. */
  async #blobsOf(names: readonly string[]): Promise<(Buffer | null)[]> {
    const contents = new Map(names.map((name) => [name, this.#keptBlob(name)]));
    const wanted = [...contents.keys()].filter((name) => contents.get(name) === undefined);
    if (wanted.length > 0) {
      const output = await this.#git(['cat-file', '--batch'], { input: lines(wanted) });
      for (const [index, object] of parseBatch(output).entries()) {
        const name = wanted[index]!;
        contents.set(name, object?.type === 'blob' ? object.content : null);
        if (object === null) continue;
        const { content, ...info } = object;
        this.#keep(name, info);
        this.#keep(info.hash, info);
        if (info.type === 'blob') this.#keptBlobs.set(blobHash(info.hash), Buffer.from(content));
      }
    }
    return names.map((name) => contents.get(name) ?? null);
  }

  /** Undefined where it must be asked for. */
  #keptBlob(name: string): Buffer | null | undefined {
    const info = this.#kept.get(name);
    if (info === undefined) return undefined;
    return info.type === 'blob' ? this.#keptBlobs.get(blobHash(info.hash)) : null;
  }

  /** What is not here may come with the next fetch, and a branch may move: only what means the same for ever is kept. */
  #keep(name: string, info: ObjectInfo): void {
    if (fixedName.test(name)) this.#kept.set(name, info);
  }

  #git(args: readonly string[], { input, env }: RunOptions = {}): Promise<Buffer> {
    return runGit({ dir: this.dir, args, timeoutMs: this.#localTimeoutMs, ...(input ? { input } : {}), ...(env ? { env } : {}) });
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

function lines(items: readonly string[]): Uint8Array {
  return Buffer.from(`${items.join('\n')}\n`, 'utf8');
}

function missing(hash: string): RatchetError {
  return new RatchetError('repository/missing', `Object ${hash} is not in the repository.`, 'Fetch, or run git fsck.', { hash });
}
