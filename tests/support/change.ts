import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { type GateContext, openContext } from '#bot/gates/context.ts';
import { type CommitHash, Repository } from '#engine/repository/repository.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };

/** A state branch that has nothing yet. */
const noState: unknown = { commit: null, read: async () => null, readText: async () => null, list: async () => [] };

/** Text by path; null takes the path away. */
export type Files = Readonly<Record<string, string | null>>;

/** A bare repository for gates that look at two trees and need no candles. */
export async function createChanges() {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-change-'));
  execFileSync('git', ['init', '--quiet', '--template=', '--bare', '--initial-branch=main', dir]);
  const repository = await Repository.open({ dir });
  const commit = (parent: CommitHash | null, files: Files): Promise<CommitHash> =>
    repository.commit({
      parent,
      changes: new Map(Object.entries(files).map(([path, text]) => [path, text === null ? null : Buffer.from(text)])),
      message: 'Change',
      author: PERSON,
      date: new Date(0),
    });
  const between = (base: CommitHash, head: CommitHash, author: GateContext['author']): Promise<GateContext> =>
    openContext({
      repository,
      base,
      head,
      author,
      candles: null as never,
      state: noState as GateContext['state'],
      log: pino({ level: 'silent' }),
    });
  return {
    dir,
    repository,
    commit,
    between,
    /** The context of a change: a first commit with `base`, and `head` on top of it. */
    async change(base: Files, head: Files, author: GateContext['author'] = 'person'): Promise<GateContext> {
      const first = await commit(null, { 'README.md': '# Here\n', ...base });
      return between(first, await commit(first, head), author);
    },
    /** A commit whose tree has one entry more, of any mode and name, which git's own commands would refuse to add. */
    async withEntry(
      parent: CommitHash,
      mode: string,
      path: string,
      content: string,
      spell: (name: string) => Uint8Array = Buffer.from,
    ): Promise<CommitHash> {
      const git = (input: string | Uint8Array, ...args: string[]): string =>
        execFileSync('git', ['-C', dir, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
          input,
          encoding: 'utf8',
        }).trim();
      const object = mode === '160000' ? parent : git(content, 'hash-object', '-w', '--stdin');
      let tree = '';
      const parts = path.split('/');
      for (let depth = parts.length - 1; depth >= 0; depth -= 1) {
        const entry = tree === '' ? `${mode} ${mode === '160000' ? 'commit' : 'blob'} ${object}` : `040000 tree ${tree}`;
        const above = depth === 0 ? git('', 'ls-tree', '-z', `${parent}^{tree}`) : '';
        const name = depth === parts.length - 1 ? spell(parts[depth]!) : Buffer.from(parts[depth]!);
        tree = git(Buffer.concat([Buffer.from(`${above}${entry}\t`), name, Buffer.from('\0')]), 'mktree', '-z');
      }
      return git('Change', 'commit-tree', '-p', parent, tree) as CommitHash;
    },
    /** Lets main stand at a commit. */
    setMain: (commit: CommitHash): void => {
      execFileSync('git', ['-C', dir, 'update-ref', 'refs/heads/main', commit]);
    },
    close: () => rmSync(dir, { recursive: true }),
  };
}
export type Changes = Awaited<ReturnType<typeof createChanges>>;
