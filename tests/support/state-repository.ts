import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };

/** A bare remote with nothing in it, a mirror of it, and its state branch. */
export async function createStateRepository() {
  const root = mkdtempSync(join(tmpdir(), 'ratchet-state-'));
  const remote = join(root, 'remote.git');
  execFileSync('git', ['init', '--quiet', '--template=', '--bare', '--initial-branch=main', remote]);
  const repository = await Repository.openMirror({ dir: join(root, 'mirror.git'), remoteUrl: remote });
  const open = () => StateBranch.open({ repository, author: PERSON, clock: () => 0 });
  const state = await open();
  return {
    repository,
    state,
    /** Changes files past every writer, as someone with a push token could. */
    tamper: (changes: ReadonlyMap<string, string | Uint8Array | null>) =>
      state.update(
        'tampered',
        () => new Map([...changes].map(([path, text]) => [path, text === null ? null : Buffer.from(text)])),
      ),
    /** Puts files on main. */
    commitToMain: async (changes: ReadonlyMap<string, string>) => {
      const parent = await repository.resolve('main');
      const bytes = new Map([...changes].map(([path, text]) => [path, Buffer.from(text)]));
      const commit = await repository.commit({ parent, changes: bytes, message: 'Change', author: PERSON, date: new Date(0) });
      await repository.push('main', commit, { expect: parent });
      return commit;
    },
    close: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
export type StateRepository = Awaited<ReturnType<typeof createStateRepository>>;
