import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import { type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { eventually, RatchetProcess, runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

/** A night that a model thinks, from its decision to the merge, with the real SDK, real gates and a model's API on this machine. */

const folder = temporaryFolder('model-night');
const workspace = join(folder.path, 'var');
let model: ModelServer;
let ratchet: RatchetProcess;
let github: Octokit;
const repo = { owner: 'you', repo: 'strategies' };

const decision = {
  kind: 'RESTRUCTURE',
  reason: 'Fees eat more than the trades earn, and most entries come on single bars.',
  hypothesis: 'Bars of four hours carry less noise, so the same rules trade less often and keep more of each move.',
  riskTier: 2,
  forecast: { measure: 'netReturn', is: 'above', value: 0, afterDays: 30, probability: 0.6 },
  killRule: { measure: 'maxDrawdown', is: 'above', value: 0.2, afterDays: 30 },
};

/** What it writes: the rules it found, on longer bars and above a long average. */
function written() {
  const manifest = parseDocument(readFileSync('strategies/ema-cross/manifest.yaml', 'utf8'));
  const blueprint = { ...parse(String(manifest)).blueprint, signal: '4h', filters: ['trend', 'rsi', 'volume'] };
  manifest.setIn(['parameters', 'slow'], 23);
  manifest.setIn(['parameters', 'trendBars'], 110);
  manifest.delete('blueprint');
  return {
    changes: ['signal timeframe: 1h → 4h', 'filter trend: added', 'slow: 21 → 23'],
    files: [
      { path: 'manifest.yaml', text: String(manifest) },
      { path: 'strategy.ts', text: printStrategy(blueprint) },
    ],
  };
}

const say = (value: unknown) => ({ kind: 'text' as const, text: JSON.stringify(value) });
const finding = { severity: 'minor', file: 'strategy.ts', line: 1, what: 'The long average is not shown to be needed.' };

beforeAll(async () => {
  model = await startModelServer();
  const keyFile = join(folder.path, 'key');
  writeFileSync(keyFile, model.key, { mode: 0o600 });
  const config = join(folder.path, 'ratchet.yaml');
  const settings = { proposer: 'claude', model: 'claude-test-1', modelBaseUrl: model.url, modelKeyFile: keyFile };
  writeFileSync(config, JSON.stringify({ ...settings, modelKnowledgeDate: '2024-06-30' }));
  model.reply(
    say(decision),
    say({ ...written(), files: written().files.slice(0, 1) }),
    say(written()),
    say({ change: 'It judges by longer bars.', findings: [finding] }),
    say({ change: 'It judges by longer bars.', findings: [] }),
  );
  ratchet = new RatchetProcess(['up', '--workspace', workspace, '--config', config, '--port', '0', '--seed', '7']);
  const [, link] = await ratchet.says(/Sign in as the owner: (\S+)/, 230_000);
  const answer = await fetch(link!, { redirect: 'manual' });
  const token = answer.headers.get('set-cookie')!.match(/=([^;]+)/)![1]!;
  github = new Octokit({ baseUrl: `${new URL(link!).origin}/api/v3`, auth: token });
}, 240_000);

afterAll(async () => {
  await ratchet?.kill('SIGINT');
  await model?.close();
  folder.remove();
}, 30_000);

describe('a night that a model thinks', () => {
  it('is proposed, proven by every gate, merged and deployed', async () => {
    const { data: pulls } = await github.rest.pulls.list({ ...repo, state: 'all' });
    expect(pulls).toHaveLength(1);
    const { data: pull } = await github.rest.pulls.get({ ...repo, pull_number: pulls[0]!.number });
    expect(pull).toMatchObject({ merged: true, user: { login: 'ratchet[bot]' } });
    expect(pull.labels.map(({ name }) => name)).toEqual(expect.arrayContaining(['ratchet', 'gates:passed']));
    expect(pull.labels.map(({ name }) => name)).not.toContain('stale');
    expect(pull.body).toContain('Risk tier 2: a rule moves');
    expect(pull.body).toContain('after 30 days its net return is above 0.00%, with a probability of 60%');
    expect(pull.body).toContain('### What its author may have known');
    const { data: branch } = await github.rest.repos.getBranch({ ...repo, branch: 'main' });
    const deployed = await eventually('a deployment of the merge commit', async () => {
      const { data } = await github.rest.repos.listDeployments({ ...repo, sha: branch.commit.sha, environment: 'paper' });
      return data[0];
    });
    expect(deployed.sha).toBe(pull.merge_commit_sha);
  });

  it('is read by a second conversation, whose findings stand under it as text', async () => {
    const { data: comments } = await github.rest.issues.listComments({ ...repo, issue_number: 2 });
    const said = comments.filter(({ body }) => body?.includes('What a reviewing model found'));
    expect(said).toHaveLength(1);
    expect(said[0]!.body).toContain('- **minor** in `strategy.ts`: Line 1: The long average is not shown to be needed.');
  });

  it('asked for a decision, a version, the version again and two readings, and told no reader why', () => {
    const { thoughts } = readThoughts(join(workspace, 'bot', 'thoughts'), { cycle: null, max: 10 });
    expect(thoughts.map(({ thought }) => thought?.purpose).toReversed()).toEqual([
      'decide',
      'write',
      'correct',
      'review',
      'review',
    ]);
    const [, , corrected, first, second] = model.asked.map(({ body }) => JSON.stringify(body));
    expect(corrected).toContain('what is wrong');
    for (const reading of [first, second]) {
      expect(reading).not.toContain(decision.reason);
      expect(reading).not.toContain(decision.hypothesis);
    }
  });

  it('has left what it did, a commit a stage, and people can read what the model said', async () => {
    const shown = await runRatchet('worktrees', 'list', '--workspace', workspace, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      nights: [{ strategy: 'ema-cross', end: { decision: 'RESTRUCTURE' } }],
    });
    const read = await runRatchet('thoughts', '--workspace', workspace);
    expect(read.stdout).toContain('decide');
  });
});
