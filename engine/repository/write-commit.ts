import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputLines, type LocalGit } from './git.ts';
import { blobHash, checkedPath, commitHash, treeHash } from './names.ts';
import { parseListing } from './parse.ts';
import type { CommitHash, NewCommit, TreeHash } from './types.ts';

/**
 * Writes a commit through an index of its own beside the repository: no work tree, no branch moved. The same inputs give the same hash.
 * @throws GitFailure; RatchetError `repository/bad-name` of a path
 */
export async function writeCommit(git: LocalGit, { parent, changes, message, author, date }: NewCommit): Promise<CommitHash> {
  const scratch = await mkdtemp(join(tmpdir(), 'ratchet-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    if (parent !== null) await git(['read-tree', `${parent}^{tree}`], { env });
    const input = Buffer.from(await indexLines(git, scratch, parent, changes), 'utf8');
    if (input.length > 0) await git(['update-index', '-z', '--index-info'], { env, input });
    const tree = treeHash((await git(['write-tree'], { env })).toString('utf8').trim());
    return await commitTree(git, tree, { parent, message, author, date });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function indexLines(
  git: LocalGit,
  scratch: string,
  parent: CommitHash | null,
  changes: NewCommit['changes'],
): Promise<string> {
  const written = [...changes].flatMap(([path, content]) => (content === null ? [] : [{ path: checkedPath(path), content }]));
  const files = written.map((_, index) => join(scratch, `blob-${index}`));
  await Promise.all(written.map(({ content }, index) => writeFile(files[index]!, content)));
  const hashes =
    files.length === 0
      ? []
      : (await git(['hash-object', '-w', '--no-filters', '--stdin-paths'], { input: inputLines(files) }))
          .toString('utf8')
          .split('\n');
  const modes = await modesOf(
    git,
    parent,
    written.map(({ path }) => path),
  );
  const removed = [...changes].flatMap(([path, content]) =>
    content === null ? [`0 ${'0'.repeat(40)}\t${checkedPath(path)}\0`] : [],
  );
  const added = written.map(({ path }, index) => `${modes.get(path) ?? '100644'} ${blobHash(hashes[index]!)}\t${path}\0`);
  return [...removed, ...added].join('');
}

async function modesOf(git: LocalGit, parent: CommitHash | null, paths: readonly string[]): Promise<Map<string, string>> {
  if (parent === null || paths.length === 0) return new Map();
  const listed = parseListing(await git(['ls-tree', '-z', '-l', '--full-tree', parent, '--', ...paths]));
  return new Map(listed.filter(({ mode }) => mode === '100755').map(({ path, mode }) => [path, mode]));
}

async function commitTree(
  git: LocalGit,
  tree: TreeHash,
  { parent, message, author, date }: Omit<NewCommit, 'changes'>,
): Promise<CommitHash> {
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
  const output = await git(args, { env, input: Buffer.from(`${message.trimEnd()}\n`, 'utf8') });
  return commitHash(output.toString('utf8').trim());
}
