import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DRAWDOWN_SVG_PATH } from '#bot/evidence/charts/drawdown-svg.ts';
import { EVIDENCE_PATHS } from '#bot/evidence/evidence-files.ts';
import { LEDGER_FOLDER } from '#bot/evidence/ledger.ts';
import { PACK_PATH, type Pack } from '#bot/evidence/pack.ts';
import { REPORT_PATH } from '#bot/evidence/report.ts';
import { openContext } from '#bot/gates/context.ts';
import { type ForwardEvidence, forwardPath, forwardText } from '#bot/gates/forward-evidence.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { judgeChange } from '#bot/gates/policy/judge-change.ts';
import { finalGate, runAllGates, runGate } from '#bot/gates/run-gates.ts';
import { signChange } from '#bot/gates/sign.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { verify } from '#engine/attestation/envelope.ts';
import { loadPrivateKey, parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
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
import { sampleForward } from '#tests/support/sample-forward.ts';

const log = pino({ level: 'silent' });
const FOLDER = 'strategies/ema-cross';

let deployment: Deployment;
/** The incumbent with a stricter volume filter: it trades less and so loses less, which is all that paper policy asks. */
let files: Map<string, string>;
let pack: Pack;
let head: CommitHash;

beforeAll(async () => {
  deployment = await createDeployment();
  files = shippedFiles('ema-cross');
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  pack = await makeEvidence(deployment, files);
  head = await proposalOf(deployment, files, pack);
}, 120_000);

afterAll(() => deployment.close());

function contextOf(commit: CommitHash, author: 'bot' | 'person' = 'bot', base: CommitHash = deployment.base) {
  const { repository, state, candles } = deployment;
  return openContext({ repository, state, candles, log, base, head: commit, author });
}

/** The same proposal with one file changed. */
async function altered(path: string, text: string): Promise<CommitHash> {
  return commitOn(deployment, new Map([[path, text]]), head);
}

describe('a good change', () => {
  it('passes every gate, is signed over exactly its tree, and the signature verifies with the keys on main', async () => {
    const context = await contextOf(head);
    const seen: string[] = [];
    const results = await runAllGates(context, (result) => seen.push(result.gate), gateTools);
    expect(
      results
        .map((result) => [result.gate, result.conclusion, result.title])
        .filter(([, conclusion]) => conclusion !== 'success'),
    ).toEqual([]);
    expect(seen).toEqual([...GATE_NAMES, FINAL_GATE]);

    const [tree] = await signChange(
      context,
      results,
      await loadPrivateKey(deployment.gateKey),
      deployment.state,
      'test',
      () => 0,
    );
    expect(tree).toBe(await deployment.repository.treeOf(head, FOLDER));
    const envelope = await deployment.state.readText(statementPath(tree!));
    const keysText = Buffer.from((await deployment.repository.readFile(deployment.base, 'policies/keys.yaml'))!).toString();
    const policyTree = (await deployment.repository.treeOf(deployment.base, 'policies'))!;
    const keys = trustedKeys(parsePublicKeys(keysText));
    expect(verify(envelope, keys, { strategy: 'ema-cross', tree: tree!, policyTree })).toMatchObject({ ok: true });
    expect(verify(envelope, keys, { strategy: 'ema-cross', tree: 'f'.repeat(40) })).toMatchObject({
      ok: false,
      code: 'wrong-subject',
    });
  }, 120_000);

  it('gives the same evidence bytes when it is made again', async () => {
    const again = await makeEvidence(await twin(), files);
    expect(canonicalJson(again)).toBe(canonicalJson(pack));
  }, 120_000);
});

/** A second deployment from the same seed. */
let second: Deployment | null = null;
async function twin(): Promise<Deployment> {
  second ??= await createDeployment();
  return second;
}
afterAll(() => second?.close());

describe('the backtest gate', () => {
  const verdict = async (commit: CommitHash) => runGate('backtest', await contextOf(commit), [], gateTools);

  it('refuses a chart or a report that the pack does not give', async () => {
    for (const path of [DRAWDOWN_SVG_PATH, REPORT_PATH]) {
      const result = await verdict(await altered(`${FOLDER}/${path}`, 'All is well.\n'));
      expect(result).toMatchObject({
        conclusion: 'failure',
        title: expect.stringContaining(`${path} is not what the pack gives`),
      });
    }
  }, 60_000);

  it('names the number that re-execution contradicts', async () => {
    const forged = structuredClone(pack);
    forged.candidate.selection.metrics.netReturn += 0.01;
    const result = await verdict(await altered(`${FOLDER}/${PACK_PATH}`, canonicalJson(forged)));
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('$.candidate.selection.metrics.netReturn'),
    });
  }, 60_000);

  it('runs on the very candles the base names, or not at all, and says where they are named and what to do', async () => {
    const other = await createDeployment(8);
    const result = await runGate('backtest', { ...(await contextOf(head)), candles: other.candles }, [], gateTools);
    other.close();
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: expect.stringMatching(
        /^policies\/evaluation\.yaml names candles that are not there: The stored bars of \S+ .* are not those of the dataset: sha256:\w+ instead of sha256:\w+\. Import or fetch the very candles/,
      ),
    });
  }, 60_000);

  it('says which candles it lacks, and by which command they come', async () => {
    const { root, market } = deployment;
    const store = join(root, 'brought');
    const empty = CandleStore.open(join(root, 'empty'));
    for (const [candles, why] of [
      [null, /no candle store was named, and the workspace has none/],
      [empty, /No candles of simulated \S+ 1h are stored/],
    ] as const) {
      const { conclusion, title } = await runGate('backtest', { ...(await contextOf(head)), candles }, [], gateTools);
      expect(conclusion).toBe('failure');
      expect(title).toMatch(/dataset sha256:\w{12} \(BTC\/USDT 1h of simulated, 2022-01-01 to 2025-\d\d-\d\d; ETH\/USDT/);
      expect(title).toMatch(why);
      if (candles !== null) continue;
      const [, command] = title.match(/Run ratchet (data simulate .*) --store DIR\. Then give --candles DIR\./)!;
      expect(await ratchetHere(...command!.split(' '), '--store', store)).toMatchObject({ code: 0 });
    }
    empty.close();
    const brought = CandleStore.openExisting(store);
    expect([...loadDataset(brought, market.evaluation.dataset).keys()]).toEqual(['BTC/USDT', 'ETH/USDT']);
    brought.close();
  }, 60_000);

  it('refuses evidence for other code than what stands beside it', async () => {
    const manifest = files.get('manifest.yaml')!.replace('volumeRatio: 1.8', 'volumeRatio: 1.9');
    expect(await verdict(await altered(`${FOLDER}/manifest.yaml`, manifest))).toMatchObject({ conclusion: 'failure' });
  }, 60_000);

  it.each([
    ['is missing', null, 'no evidence'],
    ['is no JSON', '{"schema":', 'not JSON'],
    ['has an extra field', 'extra', 'form of evidence'],
    ['is not canonical', 'spaced', 'canonical'],
    ['was made against another incumbent', 'stale', 'stale'],
    ['was made when fills meant something else', 'semantics', 'made again'],
    ['counts other trials than the ledger', 'trials', 'ledger disagrees'],
    ['comes from a night that the ledger does not know', 'cycle', 'no trials of cycle'],
  ])(
    'refuses evidence that %s',
    async (_name, how, expected) => {
      const variants: Record<string, string> = {
        extra: canonicalJson({ ...pack, note: 'trust me' }),
        spaced: JSON.stringify(pack, null, 1),
        stale: canonicalJson({ ...pack, parentTree: 'a'.repeat(40) }),
        trials: canonicalJson({ ...pack, search: { ...pack.search, trialsEver: pack.search.trialsEver + 1 } }),
        semantics: canonicalJson({ ...pack, semantics: pack.semantics + 1 }),
        cycle: canonicalJson({ ...pack, cycle: '20250101-1' }),
      };
      const text = how === null ? null : (variants[how] ?? how);
      const commit = await commitOn(deployment, new Map([[`${FOLDER}/${PACK_PATH}`, text]]), head);
      const result = await verdict(commit);
      expect(result.conclusion).toBe('failure');
      expect(result.title).toContain(expected);
    },
    60_000,
  );
});

describe('the guard', () => {
  const verdict = async (changes: Map<string, string>) =>
    runGate('guard', await contextOf(await commitOn(deployment, changes, head)), [], gateTools);

  it.each<[string, string, string, string]>([
    ['the bot touching policies', 'policies/gates.yaml', 'policies: []\n', 'may not touch'],
    ['the bot touching workflows', '.github/workflows/gates.yml', 'on: push\n', 'may not touch'],
    ['a hidden character', `${FOLDER}/strategy.ts`, 'export default 1; // \u202e\n', 'hidden'],
    ['a private key', `${FOLDER}/strategy.ts`, `// ${['-----BEGIN', 'PRIVATE KEY-----'].join(' ')}\n`, 'private key'],
    ['a file over the limit', `${FOLDER}/strategy.ts`, 'x'.repeat(300_000), 'over the limit'],
    ['a binary', `${FOLDER}/strategy.ts`, 'a\u0000b', 'binary'],
  ])('refuses %s', async (_name, path, text, expected) => {
    const result = await verdict(new Map([[path, text]]));
    expect(result).toMatchObject({ conclusion: 'failure' });
    expect(result.summary).toContain(expected);
  });

  it('lets a person touch policies', async () => {
    const commit = await commitOn(deployment, new Map([['policies/extra.yaml', 'a: 1\n']]));
    expect(await runGate('guard', await contextOf(commit, 'person'), [], gateTools)).toMatchObject({ conclusion: 'success' });
  });

  it('refuses a link', async () => {
    const { root, remote } = deployment;
    const clone = `${root}/clone`;
    const git = (...args: string[]) => execFileSync('git', ['-C', clone, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
    execFileSync('git', ['clone', '--quiet', remote, clone]);
    execFileSync('ln', ['-s', '/etc/passwd', `${clone}/${FOLDER}/strategy-link.ts`]);
    git('add', '-A');
    git('commit', '--quiet', '-m', 'link');
    git('push', '--quiet', 'origin', 'HEAD:refs/heads/link');
    await deployment.repository.fetch();
    const result = await runGate(
      'guard',
      await contextOf((await deployment.repository.resolve('link'))!, 'person'),
      [],
      gateTools,
    );
    expect(result).toMatchObject({ conclusion: 'failure', summary: expect.stringContaining('links are not allowed') });
  });
});

describe('the sandbox gate', () => {
  it.each([
    [
      'reads the environment',
      "import { defineStrategy } from 'ratchet/contract';\nexport default defineStrategy(process.env as never);\n",
    ],
    ['is not a program', 'export default {{{\n'],
  ])('refuses a strategy that %s, at its line', async (_name, text) => {
    const result = await runGate('sandbox', await contextOf(await altered(`${FOLDER}/strategy.ts`, text)), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'failure' });
    expect(result.annotations[0]).toMatchObject({ path: `${FOLDER}/strategy.ts`, level: 'failure' });
  });

  it('refuses a strategy whose markets are paid for in two assets, in the words of the engine', async () => {
    const text = files.get('strategy.ts')!.replace("'ETH/USDT'", "'ETH/BTC'");
    const result = await runGate('sandbox', await contextOf(await altered(`${FOLDER}/strategy.ts`, text)), [], gateTools);
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('ETH/BTC is paid for in BTC and BTC/USDT in USDT, and money and its limits are one number'),
    });
  });

  it('refuses a parameter outside the range the strategy declares', async () => {
    const manifest = files.get('manifest.yaml')!.replace('volumeRatio: 1.8', 'volumeRatio: 99');
    const result = await runGate('sandbox', await contextOf(await altered(`${FOLDER}/manifest.yaml`, manifest)), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('volumeRatio') });
  });
});

describe('the policy gate', () => {
  it('reads the policy of the base, not the one the change brings', async () => {
    const lax = 'policies:\n  - name: all\n    validations:\n      - expression: "true"\n        message: fine\n';
    const worse = structuredClone(pack);
    worse.candidate.selection.metrics.netReturn = -0.9;
    const commit = await commitOn(
      deployment,
      new Map([
        ['policies/gates.yaml', lax],
        [`${FOLDER}/${PACK_PATH}`, canonicalJson(worse)],
      ]),
      head,
    );
    expect(await runGate('policy', await contextOf(commit), [], gateTools)).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('does not earn more'),
    });
  });

  it('denies everything while the policy on the base cannot be read', async () => {
    const broken = await commitOn(deployment, new Map([['policies/gates.yaml', 'policies: [']]));
    const commit = await commitOn(deployment, new Map([[`${FOLDER}/${PACK_PATH}`, canonicalJson(pack)]]), broken);
    expect(await runGate('policy', await contextOf(commit, 'bot', broken), [], gateTools)).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policies/gates.yaml'),
    });
  });
});

describe('signing', () => {
  it('refuses a base that main has never been at, however lax its policies', async () => {
    const lax = 'policies:\n  - name: all\n    validations:\n      - expression: "true"\n        message: fine\n';
    const weak = await commitOn(deployment, new Map([['policies/gates.yaml', lax]]));
    const context = await contextOf(head, 'bot', weak);
    const results = await runAllGates(context, () => {}, gateTools);
    const signing = signChange(context, results, await loadPrivateKey(deployment.gateKey), deployment.state, 'test', () => 0);
    await expect(signing).rejects.toMatchObject({ code: expect.stringMatching(/^gates\/(other-base|not-passed)$/) });
    const green = [...GATE_NAMES, FINAL_GATE].map((gate) => ({
      gate,
      conclusion: 'success' as const,
      title: 'fine',
      summary: 'fine',
      annotations: [],
    }));
    await expect(
      signChange(context, green, await loadPrivateKey(deployment.gateKey), deployment.state, 'test', () => 0),
    ).rejects.toMatchObject({ code: 'gates/other-base' });
  }, 60_000);
});

describe('going back', () => {
  it('needs no new evidence when the very tree ran before, and a person asks', async () => {
    const context = await contextOf(head);
    await signChange(
      context,
      await runAllGates(context, () => {}, gateTools),
      await loadPrivateKey(deployment.gateKey),
      deployment.state,
      'test',
      () => 0,
    );
    const back = await commitOn(
      deployment,
      new Map(
        [...shippedFiles('ema-cross')]
          .map(([path, text]) => [`${FOLDER}/${path}`, text] as const)
          .concat(EVIDENCE_PATHS.map((path) => [`${FOLDER}/${path}`, null as never] as const)),
      ),
      head,
    );
    expect(await deployment.repository.treeOf(back, FOLDER)).toBe(await deployment.repository.treeOf(deployment.base, FOLDER));
    const results = await runAllGates(await contextOf(back, 'person', head), () => {}, gateTools);
    expect(results.map(({ gate, conclusion }) => `${gate} ${conclusion}`)).toEqual([
      ...GATE_NAMES.map((gate) => `${gate} success`),
      'gate success',
    ]);
    expect(results.find(({ gate }) => gate === 'backtest')!.title).toContain('ran before');
    expect(await runGate('policy', await contextOf(back, 'bot', head), [], gateTools)).toMatchObject({ conclusion: 'failure' });
  }, 120_000);
});

describe('the same version at another stage', () => {
  const moved = async (stage: string, also: readonly (readonly [string, string])[] = []): Promise<CommitHash> => {
    const manifest = files.get('manifest.yaml')!.replace(/^stage:.*$/m, `stage: ${stage}`);
    return commitOn(deployment, new Map([[`${FOLDER}/manifest.yaml`, manifest], ...also]), head);
  };
  const shown = (tree: string, isReady: boolean): ForwardEvidence => sampleForward({ tree }, { isReady });
  const publish = (evidence: ForwardEvidence) =>
    deployment.state.update('forward', () => new Map([[forwardPath('ema-cross'), Buffer.from(forwardText(evidence))]]));
  const judged = async (commit: CommitHash, author: 'bot' | 'person') => {
    const [judgement] = await judgeChange(await contextOf(commit, author, head), { backtest: 'success' });
    const failed = judgement!.rulings.flatMap(({ outcome, rule }) => (outcome === 'holds' ? [] : [rule?.id]));
    return { facts: judgement!.facts, failed };
  };

  it('needs no evidence made again: it was proven when it came, and is the same to the byte', async () => {
    const result = await runGate('backtest', await contextOf(await moved('canary'), 'person', head), [], gateTools);
    expect(result).toMatchObject({ conclusion: 'success', title: expect.stringContaining('The same version at another stage') });
  });

  it('that brings anything along is a change like every other, and does not pass as a promotion', async () => {
    const both = await moved('canary', [[`${FOLDER}/strategy.ts`, `${files.get('strategy.ts')!}// more\n`]]);
    expect(await runGate('backtest', await contextOf(both, 'person', head), [], gateTools)).toMatchObject({
      conclusion: 'failure',
    });
    expect((await judged(both, 'person')).failed).toContain('promotions-come-alone-when-they-are-due/comes-alone');
    const beside = await moved('canary', [['README.md', 'And a page.\n']]);
    expect((await judged(beside, 'person')).failed).toContain('promotions-come-alone-when-they-are-due/comes-alone');
  });

  it('is judged by what was published of the very version, for the very stage', async () => {
    const up = await moved('canary');
    const due = 'promotions-come-alone-when-they-are-due/is-ready';
    const watched = 'money-needs-proof-and-a-person/was-watched-a-month';
    expect((await judged(up, 'person')).failed).toEqual(expect.arrayContaining([due, watched]));
    const tree = (await deployment.repository.treeOf(head, FOLDER))!;
    await publish(shown(tree, true));
    const { facts, failed } = await judged(up, 'person');
    expect(facts.strategy).toMatchObject({ steps: 1, onlyStage: true });
    expect(facts.forward).toMatchObject({ days: 90, trades: 60, isReady: true, gates: { parity: 'pass' } });
    expect(failed).not.toContain(due);
    expect(failed).not.toContain(watched);
    // Of the bot alone money is denied, whatever was shown.
    expect((await judged(up, 'bot')).failed).toContain('money-needs-proof-and-a-person/comes-from-a-person');
    // Two steps at once, or what another version has shown.
    expect((await judged(await moved('live'), 'person')).failed).toEqual(
      expect.arrayContaining([due, 'promotions-come-alone-when-they-are-due/is-one-step']),
    );
    await publish(shown(tree, false));
    expect((await judged(up, 'person')).failed).toContain(due);
    await publish(shown('f'.repeat(40), true));
    expect((await judged(up, 'person')).facts.forward).toEqual({});
  });
});

describe('a ledger that was taken back together with its head', () => {
  it('lets nothing be signed once evidence on main names a line of it', async () => {
    const { repository, state, base } = deployment;
    await repository.push('main', head);
    const ledger = await state.list(LEDGER_FOLDER);
    await state.update('taken back', () => new Map(ledger.map((path) => [path, null])));
    const back = await commitOn(deployment, new Map([['a.txt', 'a\n']]), head);
    const green = [...GATE_NAMES, FINAL_GATE].map((gate) => ({
      gate,
      conclusion: 'success' as const,
      title: 'fine',
      summary: 'fine',
      annotations: [],
    }));
    const key = await loadPrivateKey(deployment.gateKey);
    const signing = async (one: CommitHash) => signChange(await contextOf(back, 'bot', one), green, key, state, 'test', () => 0);
    for (const one of [base, head]) {
      await expect(signing(one)).rejects.toMatchObject({
        code: 'ledger/broken',
        message: expect.stringContaining('lines are missing'),
      });
    }
  });
});

describe('the final gate', () => {
  const passed = (gate: string) => ({ gate, conclusion: 'success' as const, title: 'fine', summary: 'fine', annotations: [] });

  it('needs every gate: one that did not run has not passed, and none at all is a failure', () => {
    expect(finalGate(GATE_NAMES.map(passed)).conclusion).toBe('success');
    expect(finalGate(GATE_NAMES.slice(0, -1).map(passed))).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policy'),
    });
    expect(finalGate([]).conclusion).toBe('failure');
  });
});
