import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repository } from '#engine/repository/repository.ts';
import type { CommitHash } from '#engine/repository/types.ts';

export interface RemoteFixture {
  readonly root: string;
  /** A path to a bare repository, as a remote. */
  readonly url: string;
  /** A mirror of it in its own folder. */
  mirror(name: string): Promise<Repository>;
  /** Commits text files on a branch of the remote, through a mirror of its own. */
  commit(ref: string, files: Record<string, string | null>, message?: string): Promise<CommitHash>;
  git(...args: string[]): string;
  dispose(): void;
}

/** A real bare repository in a temporary folder. */
export async function remoteFixture(): Promise<RemoteFixture> {
  const root = mkdtempSync(join(tmpdir(), 'ratchet-repository-'));
  const url = join(root, 'remote.git');
  execFileSync('git', ['init', '--quiet', '--template=', '--bare', '--initial-branch=main', url]);
  const writer = await Repository.openMirror({ dir: join(root, 'writer'), remoteUrl: url });
  let seconds = 1_700_000_000;
  return {
    root,
    url,
    mirror: (name) => Repository.openMirror({ dir: join(root, name), remoteUrl: url }),
    commit: async (ref, files, message = 'Change files') => {
      await writer.fetch();
      const parent = await writer.resolve(ref);
      seconds += 60;
      const commit = await writer.commit({
        parent,
        changes: new Map(Object.entries(files).map(([path, text]) => [path, text === null ? null : Buffer.from(text)])),
        message,
        author: { name: 'Test', email: 'test@example.com' },
        date: new Date(seconds * 1000),
      });
      await writer.push(ref, commit, { expect: parent });
      return commit;
    },
    git: (...args) => execFileSync('git', ['-C', url, ...args], { encoding: 'utf8' }).trim(),
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}
