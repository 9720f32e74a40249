import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { type GateContext, openContext } from '#bot/gates/context.ts';
import { type CommitHash, Repository } from '#engine/repository/repository.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };

/** Text by path; null takes the path away. */
export type Files = Readonly<Record<string, string | null>>;

/** A bare repository for gates that look at two trees and need neither candles nor the state branch. */
export async function createChanges() {
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-change-'));
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', dir]);
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
      state: null as never,
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
    close: () => rmSync(dir, { recursive: true }),
  };
}
export type Changes = Awaited<ReturnType<typeof createChanges>>;
