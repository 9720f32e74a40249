import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ledgerPath } from '#bot/evidence/ledger.ts';
import { PACK_PATH, type Pack } from '#bot/evidence/pack.ts';
import { openContext } from '#bot/gates/context.ts';
import { runAllGates } from '#bot/gates/run-gates.ts';
import { signChange } from '#bot/gates/sign.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createKeyPair, loadPrivateKey } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import {
  commitOn,
  createDeployment,
  type Deployment,
  makeEvidence,
  proposalOf,
  shippedFiles,
} from '#tests/support/deployment.ts';
import { gateTools } from '#tests/support/gate-tools.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const FOLDER = 'strategies/ema-cross';

let deployment: Deployment;
let pack: Pack;
let head: CommitHash;
let tree: string;
let envelope: string;

beforeAll(async () => {
  deployment = await createDeployment();
  const files = shippedFiles('ema-cross');
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  pack = await makeEvidence(deployment, files);
  head = await proposalOf(deployment, files, pack);
  const { repository, state, candles, base } = deployment;
  const log = pino({ level: 'silent' });
  const context = await openContext({ repository, state, candles, log, base, head, author: 'bot' });
  const results = await runAllGates(context, () => {}, gateTools);
  await signChange(context, results, await loadPrivateKey(deployment.gateKey), state, 'ratchet gate', () => 1_800_000_000_000);
  await repository.push('main', head);
  tree = (await repository.treeOf(head, FOLDER))!;
  envelope = (await state.readText(statementPath(tree)))!;
}, 170_000);

afterAll(() => deployment.close());

const keysOnMain = async () =>
  parse(Buffer.from((await deployment.repository.readFile(deployment.base, 'policies/keys.yaml'))!).toString());
const here = (): string[] => ['--repository', deployment.repository.dir];

async function verdictWith(text: string | null): Promise<{ code: number | null; verdict: string; reason: string }> {
  const path = statementPath(tree);
  await deployment.state.update('put', () => new Map([[path, text === null ? null : Buffer.from(text)]]));
  const { code, stdout } = await ratchetHere('verify', 'main', ...here(), '--json');
  const [one] = JSON.parse(stdout);
  await deployment.state.update('put back', () => new Map([[path, Buffer.from(envelope)]]));
  return { code, verdict: one.verdict, reason: one.code };
}

describe('ratchet verify', () => {
  it('says who signed what: gates, evidence, policies, key and time', async () => {
    const { code, stdout } = await ratchetHere('verify', head, ...here(), '--json');
    expect(code).toBe(0);
    const keys = await keysOnMain();
    expect(JSON.parse(stdout)).toEqual([
      {
        strategy: 'ema-cross',
        tree,
        isSigned: true,
        code: 'signed',
        verdict: expect.stringMatching(/^passed .*backtest.*gate.*policy/),
        signature: {
          kind: 'gates',
          key: keys.keys[0].id,
          time: '2027-01-15T08:00:00.000Z',
          verifier: 'ratchet gate',
          gates: expect.arrayContaining(['sandbox', 'backtest', 'guard', 'policy', 'gate']),
          head,
          base: deployment.base,
          policy: await deployment.repository.treeOf(deployment.base, 'policies'),
          evidence: digestOf(canonicalJson(pack)),
        },
      },
    ]);
    const words = await ratchetHere('verify', head, ...here());
    for (const part of ['✔ strategies/ema-cross', `key       ${keys.keys[0].id}`, `evidence  ${digestOf(canonicalJson(pack))}`])
      expect(words.stdout).toContain(part);
  });

  it('says that the first version was adopted by the owner', async () => {
    const { code, stdout } = await ratchetHere('verify', deployment.base, ...here());
    expect(code).toBe(0);
    expect(stdout).toContain('was adopted by the owner');
    expect(stdout).not.toContain('evidence  ');
  });

  const claim = (at: CommitHash) => ({
    kind: 'gates' as const,
    strategy: 'ema-cross',
    head,
    base: at,
    gates: { gate: 'success' as const },
    evidence: digestOf(canonicalJson(pack)),
  });
  const signedBy = async (change: { pem?: string; tree?: string; evidence?: string; base?: CommitHash; policyTree?: string }) => {
    const policyTree = (await deployment.repository.treeOf(deployment.base, 'policies'))!;
    const key = change.pem === undefined ? createKeyPair().privateKey : await loadPrivateKey(change.pem);
    const statement = createStatement({
      claim: {
        ...claim(change.base ?? deployment.base),
        ...(change.evidence === undefined ? {} : { evidence: change.evidence }),
      },
      tree: change.tree ?? tree,
      policyTree: change.policyTree ?? policyTree,
      verifier: 'test',
      timeVerified: 0,
    });
    return canonicalJson(sign(statement, key));
  };

  it.each<[string, () => Promise<string | null> | string | null, string, RegExp]>([
    ['nothing', () => null, 'unsigned', /^Nobody vouches for it: there is no statements\/\S+ on ratchet\/state/],
    ['an envelope that was cut short', () => envelope.slice(0, 400), 'malformed', /^statements\/\S+: The envelope is no JSON/],
    ['an unknown key', () => signedBy({}), 'unknown-key', /^statements\/\S+: No trusted key signed this: sha256:/],
    [
      'an altered statement',
      () => {
        const value = JSON.parse(envelope);
        const payload = Buffer.from(value.payload, 'base64').toString().replace('2027', '2028');
        return JSON.stringify({ ...value, payload: Buffer.from(payload).toString('base64') });
      },
      'bad-signature',
      /does not fit/,
    ],
    ['another tree', () => signedBy({ pem: deployment.gateKey, tree: 'f'.repeat(40) }), 'wrong-subject', /about tree f{40}, not/],
    [
      'other evidence',
      () => signedBy({ pem: deployment.gateKey, evidence: `sha256:${'0'.repeat(64)}` }),
      'wrong-evidence',
      /other evidence than strategies\/ema-cross\/evidence\/pack\.json/,
    ],
    [
      'other policies',
      () => signedBy({ pem: deployment.gateKey, policyTree: 'a'.repeat(40) }),
      'wrong-policy',
      /policies that main/,
    ],
    [
      'a base that main never was',
      async () => signedBy({ pem: deployment.gateKey, base: await commitOn(deployment, new Map([['x.md', 'x']])) }),
      'wrong-policy',
      /which main never was/,
    ],
  ])('does not believe %s, in one sentence', async (_name, make, reason, expected) => {
    const verdict = await verdictWith(await make());
    expect(verdict).toMatchObject({ code: 1, reason });
    expect(verdict.verdict).toMatch(expected);
    expect(verdict.verdict).not.toContain('\n');
  });

  it('counts a revocation on main for older commits too', async () => {
    const keys = await keysOnMain();
    keys.keys[0].revoked = { at: '2026-01-01T00:00:00Z', reason: 'it was copied' };
    const revoked = await commitOn(deployment, new Map([['policies/keys.yaml', stringify(keys)]]), head);
    await deployment.repository.push('main', revoked);
    const { code, stdout } = await ratchetHere('verify', head, ...here());
    await deployment.repository.push('main', head, { expect: revoked });
    expect(code).toBe(1);
    expect(stdout).toContain('was revoked: it was copied; nothing it signed counts.');
  });
}, 60_000);

describe('ratchet vault status', () => {
  it('shows what is left of vault and selection data, and every opening', async () => {
    const { code, stdout } = await ratchetHere('vault', 'status', ...here(), '--json');
    expect(code).toBe(0);
    const level = 0.1 * (6 / Math.PI ** 2);
    expect(JSON.parse(stdout)).toMatchObject({
      vault: {
        alpha: 0.1,
        standing: 1,
        spent: expect.closeTo(level, 10),
        next: expect.closeTo(level / 4, 10),
        openings: [{ opening: 1, strategy: 'ema-cross', tree, level: expect.closeTo(level, 10), answer: 'pass' }],
      },
      selection: { asked: 1, answers: 12, left: 11 },
    });
    const words = await ratchetHere('vault', 'status', ...here());
    for (const part of [
      '6.08 % of 10.00 % spent by 1 standing opening; the next one is tested at 1.52 %',
      'one opening comes back after 30 new days',
      '11 of 12 left after 1 question',
    ])
      expect(words.stdout).toContain(part);
  });
});

describe('ratchet ledger verify', () => {
  it('says that no line was touched, and how much it looked at', async () => {
    const { code, stdout } = await ratchetHere('ledger', 'verify', ...here(), '--json');
    expect(code).toBe(0);
    const { published, packs } = JSON.parse(stdout).anchors;
    expect(JSON.parse(stdout)).toMatchObject({ nights: 1, trials: 1, openings: 1 });
    expect(published).toBeGreaterThan(1);
    expect(packs).toBe(1);
    expect((await ratchetHere('ledger', 'verify', ...here())).stdout).toContain('1 trial, 1 opening of the vault: unbroken');
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['was cut short', (text) => text.slice(0, -9), /ledger\/20260101-1\.jsonl:\d+: the last line is cut off/],
    ['was rewritten', (text) => text.replace('"test"', '"text"'), /ledger\/20260101-1\.jsonl:\d+: it does not follow/],
  ])('names the file and the line of a ledger that %s, and says what to do, in one line', async (_name, change, expected) => {
    const { state } = deployment;
    const path = ledgerPath('20260101-1');
    const before = (await state.readText(path))!;
    await state.update('tampered', () => new Map([[path, Buffer.from(change(before))]]));
    const { code, stdout, stderr } = await ratchetHere('ledger', 'verify', ...here());
    await state.update('put back', () => new Map([[path, Buffer.from(before)]]));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/ratchet\/state.*\[ledger\/broken\]$/);
    expect(stderr.trim()).not.toContain('\n');
  });
});

describe('ratchet policy explain', () => {
  it('says of a change that was signed which rules decided it then, and what they saw', async () => {
    const { code, stdout } = await ratchetHere('policy', 'explain', head, ...here(), '--json');
    expect(code).toBe(0);
    const explanation = JSON.parse(stdout);
    expect(explanation).toMatchObject({ base: deployment.base, head, isAllowed: true, gates: { backtest: 'success' } });
    const [{ strategy, rulings }] = explanation.judgements;
    expect(strategy).toBe('ema-cross');
    const earns = rulings.find(({ rule }: { rule: { id: string } }) => rule.id === 'paper-beats-the-incumbent/earns-more');
    expect(earns).toMatchObject({
      outcome: 'holds',
      seen: [
        { name: 'evidence.selection.candidate.netReturn', value: pack.candidate.selection.metrics.netReturn },
        { name: 'evidence.selection.incumbent.netReturn', value: pack.incumbent.selection.metrics.netReturn },
      ],
    });
  });

  it('says of a pair which rule denies, in words', async () => {
    const worse = structuredClone(pack);
    worse.candidate.selection.metrics.netReturn = -0.9;
    const commit = await commitOn(deployment, new Map([[`${FOLDER}/${PACK_PATH}`, canonicalJson(worse)]]), head);
    const { code, stdout } = await ratchetHere('policy', 'explain', '--base', deployment.base, '--head', commit, ...here());
    expect(code).toBe(1);
    expect(stdout).toContain('denied');
    expect(stdout).toContain('✘ paper-beats-the-incumbent/earns-more (deny)');
    expect(stdout).toContain('evidence.selection.candidate.netReturn = -0.9');
  });

  it('does not guess what is meant', async () => {
    expect(await ratchetHere('policy', 'explain', ...here())).toMatchObject({ code: 2, stdout: '' });
    const unknown = await ratchetHere('policy', 'explain', '7', ...here());
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('refs/pull/7/head names no commit') });
  });
});

describe('ratchet policy test', () => {
  it('runs the shipped cases', async () => {
    const { code, stdout } = await ratchetHere('policy', 'test', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, unproven: [] });
  });

  it('says in one line that there are none', async () => {
    const { code, stdout, stderr } = await ratchetHere('policy', 'test', '--directory', deployment.root);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('policies/gates.yaml cannot be read');
  });
});
