import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readLedger } from '#bot/evidence/ledger.ts';
import { RatchetProcess, runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('kill');
afterAll(() => folder.remove());

/** Fewer trials than a real night, so that there is time for many kills. */
const FLAGS = ['up', '--once', '--json', '--seed', '7', '--trials', '30', '--port', '0'];

/** Every step that leaves something on disk. */
const JOINTS = [
  /data {2}/,
  /forge {2}/,
  /engine {2}/,
  /observe {2}/,
  /create {2}/,
  /propose {2}/,
  /gates .*backtest/,
  /gates .*gate:/,
];

interface Summary {
  readonly night: { readonly cycle: string; readonly decision: string };
  readonly pullRequest: { readonly number: number; readonly merged: boolean; readonly mergeCommit: string } | null;
  readonly engine: {
    readonly status: string;
    readonly commit: string;
    readonly strategies: readonly { readonly tree: string }[];
  };
}

function summaryOf(stdout: string): Summary {
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

function git(workspace: string, ...args: string[]): string {
  return execFileSync('git', ['-C', join(workspace, 'forge/repositories/you/strategies.git'), ...args])
    .toString()
    .trim();
}

describe('ratchet up', () => {
  const calm = join(folder.path, 'calm');
  let expected: Summary;

  it('ends, undisturbed, with a new version that policy let the bot merge and the engine trades', async () => {
    const undisturbed = await runRatchet(...FLAGS, '--workspace', calm);
    expect(undisturbed.code, undisturbed.stderr).toBe(0);
    expected = summaryOf(undisturbed.stdout);
    expect(expected).toMatchObject({ pullRequest: { merged: true }, engine: { status: 'Synced' } });
    expect(expected.engine.commit).toBe(expected.pullRequest!.mergeCommit);
  }, 300_000);

  it('ends there too when it is killed with SIGKILL at every joint: nothing lost, nothing done twice', async () => {
    const stormy = join(folder.path, 'stormy');
    for (const moment of JOINTS) {
      const ratchet = new RatchetProcess([...FLAGS, '--workspace', stormy]);
      await ratchet.says(moment, 300_000);
      await ratchet.kill('SIGKILL');
    }
    const last = await runRatchet(...FLAGS, '--workspace', stormy);
    expect(last.code, last.stderr).toBe(0);

    expect(git(stormy, 'rev-parse', 'main:strategies/ema-cross')).toBe(git(calm, 'rev-parse', 'main:strategies/ema-cross'));
    const merges = git(stormy, 'log', '--first-parent', '--format=%s', 'main').split('\n');
    expect(merges).toHaveLength(2);
    expect(git(stormy, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/evolve')).toBe('');

    const path = `ledger/${expected.night.cycle}.jsonl`;
    const lines = (workspace: string) =>
      readLedger(new Map([[path, `${git(workspace, 'show', `ratchet/state:${path}`)}\n`]])).entries;
    const of = (workspace: string, ...kinds: string[]) => lines(workspace).filter(({ entry }) => kinds.includes(entry.kind));
    expect(of(stormy, 'night-ended')).toHaveLength(1);
    // Line by line and hash by hash: gates may write about the vault before a night that was taken up again has ended, not sooner.
    const search = ['night-began', 'trials-planned', 'trial', 'search-ended', 'selection-asked', 'selection-answered'];
    expect(of(stormy, ...search)).toEqual(of(calm, ...search));
    expect(of(stormy, 'vault-opened', 'vault-answered').map(({ entry }) => entry)).toEqual(
      of(calm, 'vault-opened', 'vault-answered').map(({ entry }) => entry),
    );
    const verified = await runRatchet('ledger', 'verify', '--workspace', stormy);
    expect(verified.code, verified.stderr).toBe(0);
    expect(summaryOf(last.stdout).engine).toMatchObject({ status: 'Synced', commit: git(stormy, 'rev-parse', 'main') });
  }, 900_000);
});
