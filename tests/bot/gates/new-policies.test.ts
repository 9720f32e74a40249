import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import { openContext } from '#bot/gates/context.ts';
import { runGate } from '#bot/gates/run-gates.ts';
import { signChange } from '#bot/gates/sign.ts';
import { KEY_CHANGES_PATH, NO_KEY_CHANGES, signKeyChange } from '#engine/attestation/key-changes.ts';
import {
  createKeyPair,
  KEYS_PATH,
  loadPrivateKey,
  type PublicKeyEntry,
  type PublicKeys,
  parsePublicKeys,
  publicKeyEntry,
} from '#engine/attestation/keys.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { commitOn, createDeployment, type Deployment } from '#tests/support/deployment.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

const log = pino({ level: 'silent' });
const RULES = readFileSync('policies/gates.yaml', 'utf8');
const HELD_OUT = readFileSync('policies/held-out.yaml', 'utf8');
const MARKETS = readFileSync('policies/markets.yaml', 'utf8');
const RISK = readFileSync('policies/risk.yaml', 'utf8');
let deployment: Deployment;
let keys: PublicKeys;

beforeAll(async () => {
  deployment = await createDeployment();
  const text = await deployment.repository.readFile(deployment.base, KEYS_PATH);
  keys = parsePublicKeys(Buffer.from(text!).toString());
}, 120_000);
afterAll(() => deployment.close());

function contextOf(head: CommitHash, author: 'bot' | 'person' = 'person', base = deployment.base) {
  const { repository, state, candles } = deployment;
  return openContext({ repository, state, candles, log, base, head, author });
}

async function verdict(files: Record<string, string | null>, author: 'bot' | 'person' = 'person') {
  return runGate('policy', await contextOf(await commitOn(deployment, new Map(Object.entries(files))), author), [], gateTools);
}

describe('a change of the policies themselves', () => {
  it.each<[string, string, string | null, RegExp]>([
    ['rules that are no YAML', 'policies/gates.yaml', 'policies: [', /^policies\/gates\.yaml cannot be read: .*Mend it/],
    ['no rules at all', 'policies/gates.yaml', null, /^policies\/gates\.yaml is removed/],
    [
      'a misspelt fact',
      'policies/gates.yaml',
      RULES.replace('strategy.ranBefore', 'strategy.ranBefor'),
      /^policies\/gates\.yaml: paper-beats-the-incumbent: .*No such key: ranBefor.*Mend it before it comes to main\.$/,
    ],
    [
      'a misspelt part of a policy',
      'policies/gates.yaml',
      RULES.replace('matchConstraints:', 'matchConstraint:'),
      /^policies\/gates\.yaml cannot be read: policies\.0: .*matchConstraint/,
    ],
    [
      'rules that let pass what a case wants denied',
      'policies/gates.yaml',
      RULES.replace('deflatedSharpe >= 0.95', 'deflatedSharpe >= 0.5'),
      /^policies\/gates\.test\.yaml: a canary whose deflated Sharpe ratio is not enough: it is allowed.*Run ratchet policy test\.$/,
    ],
    [
      'a rule without a case',
      'policies/gates.yaml',
      `${RULES}
  - name: one-more
    matchConstraints: { stages: [shadow] }
    validations:
      - { expression: 'true', message: never }
`,
      /^policies\/gates\.test\.yaml: one-more\/1 lacks a failing case\. Run ratchet policy test\.$/,
    ],
    ['cases that are none', 'policies/gates.test.yaml', 'cases: []', /^policies\/gates\.test\.yaml cannot be read/],
    [
      'a misspelt limit',
      'policies/risk.yaml',
      'stages: { live: { maxDrawdwn: 0.2 } }',
      /^policies\/risk\.yaml cannot be read: stages\.live/,
    ],
    ['paths that cannot be read', 'policies/paths.yaml', 'bot: everything', /^policies\/paths\.yaml cannot be read: bot/],
    ['an autonomy that cannot be read', 'policies/autonomy.yaml', 'merge: always', /^policies\/autonomy\.yaml cannot be read/],
    ['a life that cannot be read', 'policies/life.yaml', 'labels: perhaps', /^policies\/life\.yaml cannot be read/],
    [
      'rules of which nobody sees what they let pass',
      'policies/gates.test.yaml',
      null,
      /^policies\/gates\.test\.yaml is removed/,
    ],
    ['rules whose file became a folder', 'policies/gates.yaml/x', 'a: 1', /^policies\/gates\.yaml is removed/],
    [
      'a vault that anything passes',
      'policies/held-out.yaml',
      HELD_OUT.replace('alpha: 0.1', 'alpha: 1'),
      /^policies\/held-out\.yaml cannot be read: vault\.alpha/,
    ],
    [
      'a budget without end',
      'policies/held-out.yaml',
      HELD_OUT.replace('answers: 12', 'answers: .inf'),
      /^policies\/held-out\.yaml cannot be read: selection\.answers/,
    ],
    [
      'costs that are none',
      'policies/markets.yaml',
      MARKETS.replace('takerFeeRate: 0.001', 'takerFeeRate: free'),
      /^policies\/markets\.yaml cannot be read: venues/,
    ],
    ['a yardstick that is no YAML', EVALUATION_PATH, 'dataset: [', /^policies\/evaluation\.yaml cannot be used: /],
    ['keys that are none', KEYS_PATH, 'keys: [{ id: 1 }]', /^policies\/keys\.yaml does not parse/],
  ])('that brings %s is refused in one sentence that names the file', async (_name, path, text, expected) => {
    const result = await verdict({ [path]: text });
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringMatching(expected) });
    expect(result.title).not.toContain('\n');
  });

  it('that can be read passes, and a person merges it', async () => {
    expect(await verdict({ 'policies/gates.yaml': `# A remark.\n${RULES}` })).toMatchObject({ conclusion: 'success' });
  });

  it('that lets more pass of what orders may be says so beside the file, for the person who merges it', async () => {
    const wider = RISK.replace('quoteSeconds: 30', 'quoteSeconds: 60').replace('maxGross: 1', 'maxGross: 0.9');
    expect(await verdict({ 'policies/risk.yaml': wider })).toMatchObject({
      conclusion: 'success',
      title: expect.stringMatching(/; it widens 2 of the limits in policies\/risk\.yaml$/),
      annotations: ['canary', 'live'].map((stage) => ({
        path: 'policies/risk.yaml',
        level: 'warning',
        message: `Wider: quoteSeconds of ${stage} from 30 to 60.`,
      })),
    });
    expect(await verdict({ 'policies/risk.yaml': `${RISK}# A remark.\n` })).toMatchObject({
      conclusion: 'success',
      annotations: [],
    });
  });

  it('by the bot is denied, because no policy lets it', async () => {
    expect(await verdict({ 'policies/gates.yaml': `# A remark.\n${RULES}` }, 'bot')).toMatchObject({
      conclusion: 'failure',
      title: 'No policy matches policies/gates.yaml, so it is denied.',
    });
    expect(await verdict({ 'docs/new.md': 'A page.\n' }, 'bot')).toMatchObject({
      conclusion: 'failure',
      title: 'No policy matches docs/new.md, so it is denied.',
    });
  });
});

describe('a change of the keys', () => {
  const fresh = createKeyPair();
  const next = (): PublicKeys => ({ keys: [...keys.keys, publicKeyEntry(fresh.privateKey, 'gate')] });

  it('by hand is refused: no engine would follow', async () => {
    expect(await verdict({ [KEYS_PATH]: stringify(next()) })).toMatchObject({
      conclusion: 'failure',
      title: expect.stringMatching(/^policies\/keys\.yaml changes and no owner's key .*Make the change with ratchet keys\.$/),
    });
  });

  it('that an owner signed passes, and a person merges it', async () => {
    const step = signKeyChange(keys, next(), await loadPrivateKey(join(deployment.root, 'owner.pem')), Date.now());
    const signed = JSON.stringify({ ...NO_KEY_CHANGES, changes: [step] });
    expect(await verdict({ [KEYS_PATH]: stringify(next()), [KEY_CHANGES_PATH]: signed })).toMatchObject({
      conclusion: 'success',
    });
    expect(await verdict({ [KEYS_PATH]: stringify(next()), [KEY_CHANGES_PATH]: signed.slice(0, 200) })).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policies/keys.signed.json does not parse'),
    });
  });
});

describe('the steps that led to the keys', () => {
  it('stay: who was away could not follow without them', async () => {
    const fresh = publicKeyEntry(createKeyPair().privateKey, 'gate');
    const next: PublicKeys = { keys: [...keys.keys, fresh] };
    const step = signKeyChange(keys, next, await loadPrivateKey(join(deployment.root, 'owner.pem')), Date.now());
    const signed = { ...NO_KEY_CHANGES, changes: [step] };
    const now = new Map([
      [KEYS_PATH, stringify(next)],
      [KEY_CHANGES_PATH, JSON.stringify(signed)],
    ]);
    const base = await commitOn(deployment, now);
    const after = async (text: string | null) => {
      const head = await commitOn(deployment, new Map([[KEY_CHANGES_PATH, text]]), base);
      return runGate('policy', await contextOf(head, 'person', base), [], gateTools);
    };
    for (const text of [null, JSON.stringify(NO_KEY_CHANGES)])
      expect(await after(text)).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('loses steps') });
    expect(await after(JSON.stringify(signed, null, 2))).toMatchObject({ conclusion: 'success' });
  });
});

describe('signing', () => {
  const green = ['gate'].map((gate) => ({
    gate,
    conclusion: 'success' as const,
    title: 'fine',
    summary: 'fine',
    annotations: [],
  }));

  async function signingOn(entries: (keys: readonly PublicKeyEntry[]) => readonly PublicKeyEntry[], pem?: string) {
    const text = stringify({ keys: entries(parse(stringify(keys)).keys) });
    const base = await commitOn(deployment, new Map([[KEYS_PATH, text]]));
    await deployment.repository.push('main', base);
    const head = await commitOn(deployment, new Map([['x.md', 'x']]), base);
    const key = pem === undefined ? createKeyPair().privateKey : await loadPrivateKey(pem);
    const { state } = deployment;
    try {
      return await signChange(await contextOf(head, 'bot', base), green, key, state, 'test', () => Date.UTC(2026, 5, 1));
    } finally {
      await deployment.repository.push('main', deployment.base, { expect: base });
    }
  }
  const gateWith = (more: Partial<PublicKeyEntry>) => (all: readonly PublicKeyEntry[]) =>
    all.map((key) => (key.purpose === 'gate' ? { ...key, ...more } : key));

  it.each<[string, Partial<PublicKeyEntry>, boolean, RegExp]>([
    ['is not known', {}, false, /^The signing key sha256:\S+ is no gate key in policies\/keys\.yaml at/],
    ['was rotated out', { notAfter: '2026-01-01T00:00:00Z' }, true, /counted only until 2026-01-01/],
    ['was revoked', { revoked: { at: '2026-01-01T00:00:00Z', reason: 'it was lost' } }, true, /was revoked: it was lost/],
  ])('is refused with a key that %s on the base', async (_name, more, isOwn, expected) => {
    await expect(signingOn(gateWith(more), isOwn ? deployment.gateKey : undefined)).rejects.toThrow(expected);
  });

  it('is done with a key that counts there', async () => {
    await expect(signingOn(gateWith({ notAfter: '2027-01-01T00:00:00Z' }), deployment.gateKey)).resolves.toEqual([]);
  });
});
