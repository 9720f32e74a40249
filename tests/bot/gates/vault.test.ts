import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chain, EMPTY_LEDGER } from '#bot/evidence/ledger/chain.ts';
import {
  type EntryOf,
  LEDGER_HEAD_PATH,
  type LedgerEntry,
  ledgerPath,
  readLedgerFrom,
  recordsOf,
  returnsPath,
} from '#bot/evidence/ledger.ts';
import { vaultRecords } from '#bot/evidence/vault.ts';
import type { VaultQuestion } from '#bot/gates/ask-vault.ts';
import { backtestGate, reexecuteEvidence } from '#bot/gates/backtest.ts';
import { type GateContext, openContext } from '#bot/gates/context.ts';
import { openVault } from '#bot/gates/open-vault.ts';
import { failure, success } from '#bot/gates/outcome.ts';
import { runAllGates } from '#bot/gates/run-gates.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { stateRef } from '#engine/repository/state-branch.ts';
import { fallingErrorBudget, spendOpening } from '#engine/statistics/falling-error-budget.ts';
import {
  commitOn,
  createDeployment,
  type Deployment,
  makeEvidence,
  proposalOf,
  shippedFiles,
} from '#tests/support/deployment.ts';
import { gateTools } from '#tests/support/gate-tools.ts';

const log = pino({ level: 'silent' });
const FOLDER = 'strategies/ema-cross';

let deployment: Deployment;
/** Trades less than the incumbent, and loses less by it. */
let modest: CommitHash;
/** Trades at every turn: it loses what the incumbent loses several times over. */
let reckless: CommitHash;
let questions: readonly VaultQuestion[];

beforeAll(async () => {
  deployment = await createDeployment();
  modest = await proposal((manifest) => manifest.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  reckless = await proposal((manifest) =>
    manifest
      .replace(/fast: \d+/, 'fast: 3')
      .replace('rsiMax: 70', 'rsiMax: 90')
      .replace('volumeRatio: 1', 'volumeRatio: 0'),
  );
}, 240_000);
afterAll(() => deployment.close());

async function proposal(edit: (manifest: string) => string): Promise<CommitHash> {
  const files = shippedFiles('ema-cross');
  files.set('manifest.yaml', edit(files.get('manifest.yaml')!));
  return proposalOf(deployment, files, await makeEvidence(deployment, files));
}

function contextOf(head: CommitHash, change: Partial<GateContext> = {}): Promise<GateContext> {
  const { repository, state, candles, base } = deployment;
  return openContext({ repository, state, candles, log, base, head, author: 'bot', ...change });
}

/** A state branch that can be read, and written `writes` times. */
function writable(writes: number): GateContext['state'] {
  const { state } = deployment;
  let left = writes;
  return {
    commit: state.commit,
    read: (path) => state.read(path),
    readText: (path) => state.readText(path),
    list: (folder) => state.list(folder),
    update: (message, change) => {
      if (left < 1) throw new RatchetError('repository/no-remote', 'It was opened without a remote.', 'Open it with one.');
      left -= 1;
      return state.update(message, change);
    },
  };
}

async function questionsOf(context: GateContext): Promise<readonly VaultQuestion[]> {
  const found = await reexecuteEvidence(context);
  if (found.state === 'ended') throw new Error(found.result.title);
  return found.questions;
}

/** The level of a second opening from a budget of one's own. */
function spentTwice(alpha: number, daysPerOpening: number): number {
  return spendOpening(spendOpening(fallingErrorBudget(alpha, daysPerOpening)).budget).level;
}

async function openings() {
  return vaultRecords(await readLedgerFrom(deployment.state)).map(({ opened, answer }) => ({ opening: opened.opening, answer }));
}

describe('the vault, asked by the backtest gate', () => {
  it('stays shut to a run that cannot write down that it opens it', async () => {
    const result = backtestGate(await contextOf(modest, { state: writable(0) }));
    await expect(result).rejects.toMatchObject({ code: 'vault/read-only' });
    expect(await openings()).toEqual([]);
  }, 120_000);

  it('stays shut to a version that policy denies anyway, asked alone and among all gates, and spends nothing', async () => {
    const context = await contextOf(reckless);
    const among = await runAllGates(context, () => {}, gateTools);
    const policy = among.find(({ gate }) => gate === 'policy')!;
    expect(policy).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('does not earn more') });
    for (const result of [among.find(({ gate }) => gate === 'backtest')!, await backtestGate(context)]) {
      expect(result).toMatchObject({
        conclusion: 'failure',
        isMadeAgain: true,
        title: expect.stringMatching(
          /^The evidence of ema-cross was made again, .* the vault stays shut, because policy refuses /,
        ),
        summary: expect.stringContaining(policy.title),
      });
    }
    expect(await openings()).toEqual([]);
  }, 120_000);

  it('stays shut while any other gate fails', async () => {
    const context = await contextOf(modest);
    const result = await openVault(context, await questionsOf(context), [
      success('guard', 'fine', 'fine'),
      failure('docs', 'A link leads to nothing', 'A link leads to nothing.'),
    ]);
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('stays shut, because docs refuses the change'),
    });
    expect(await openings()).toEqual([]);
  }, 120_000);

  it('has its opening in the ledger before it is known what was in it, and is finished by whoever comes next', async () => {
    const dying = backtestGate(await contextOf(modest, { state: writable(1) }));
    await expect(dying).rejects.toMatchObject({ code: 'vault/read-only' });
    expect(await openings()).toEqual([{ opening: 1, answer: null }]);

    const result = await backtestGate(await contextOf(modest));
    expect(result).toMatchObject({ conclusion: 'success', title: expect.stringContaining('the vault says pass') });
    expect(await openings()).toEqual([{ opening: 1, answer: 'pass' }]);
    const { repository, state } = deployment;
    const messages = (await repository.firstParentLog(null, (await repository.resolve(stateRef))!)).map(({ message }) => message);
    expect(messages.filter((message) => message.includes('vault'))).toHaveLength(2);
    const lines = (await readLedgerFrom(state)).entries.map(({ entry }) => entry.kind);
    expect(lines.indexOf('vault-opened')).toBeLessThan(lines.indexOf('vault-answered'));
  }, 120_000);

  it('gives the recorded answer to the same candidate, for nothing, also in another tree and to who cannot write', async () => {
    const redrawn = await commitOn(deployment, new Map([[`${FOLDER}/evidence/notes.md`, 'Read.\n']]), modest);
    for (const head of [modest, redrawn]) {
      expect(await backtestGate(await contextOf(head, { state: writable(0) }))).toMatchObject({ conclusion: 'success' });
    }
    expect(await openings()).toHaveLength(1);
  }, 120_000);

  it('says fail of a version that is worse, once, at a lower level, and without a number', async () => {
    questions = await questionsOf(await contextOf(reckless));
    for (const time of [1, 2]) {
      const result = await openVault(await contextOf(reckless, time === 1 ? {} : { state: writable(0) }), questions, []);
      expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringMatching(`${FOLDER}: the vault says fail`) });
      expect(`${result.title} ${result.summary}`).not.toMatch(/\d[.,%]|\d \d/);
    }
    expect(await openings()).toEqual([
      { opening: 1, answer: 'pass' },
      { opening: 2, answer: 'fail' },
    ]);
    const [first, second] = recordsOf(await readLedgerFrom(deployment.state), 'vault-opened').map(({ entry }) => entry.level);
    expect(second!).toBeCloseTo(first! / 4, 12);
  }, 120_000);
});

/** The ledger as somebody would write it anew who may push to the state branch: sound in itself, with other lines. */
async function rewritten(edit: (entry: LedgerEntry) => LedgerEntry): Promise<readonly [string, string][]> {
  const texts = new Map<string, string>();
  let head = EMPTY_LEDGER;
  for (const { cycle, entry } of (await readLedgerFrom(deployment.state)).entries) {
    const line = chain(head, [edit(entry)]);
    head = line.head;
    texts.set(ledgerPath(cycle), (texts.get(ledgerPath(cycle)) ?? '') + line.text);
  }
  return [...texts, [LEDGER_HEAD_PATH, `${canonicalJson({ ...head })}\n`]];
}

/** Lets somebody look at a state branch whose files are other than they were; they are put back after. */
async function whileTampered<T>(changes: readonly (readonly [string, string | null])[], look: () => Promise<T>): Promise<T> {
  const { state, repository } = deployment;
  const before = state.commit;
  await state.update('tampered', () => new Map(changes.map(([path, text]) => [path, text === null ? null : Buffer.from(text)])));
  try {
    return await look();
  } finally {
    const old = new Map<string, Uint8Array | null>();
    for (const [path] of changes) old.set(path, await repository.readFile(before!, path));
    await state.update('put back', () => old);
  }
}

describe('who may write to the ledger and not merge', () => {
  const second = (entry: LedgerEntry, change: Partial<EntryOf<'vault-opened'>>): LedgerEntry =>
    entry.kind === 'vault-opened' && entry.opening === 2 ? { ...entry, ...change } : entry;

  it.each<[string, string, (entry: LedgerEntry) => LedgerEntry]>([
    [
      'write a pass the vault never gave',
      'vault/contradicted',
      (entry) => (entry.kind === 'vault-answered' && entry.opening === 2 ? { ...entry, answer: 'pass' } : entry),
    ],
    ['open it at a level that lets anything pass', 'ledger/broken', (entry) => second(entry, { level: 0.99 })],
    [
      'invent a budget that allows such a level',
      'vault/other-budget',
      (entry) =>
        entry.kind === 'vault-opened' ? second(entry, { alpha: 0.9, level: spentTwice(0.9, entry.daysPerOpening) }) : entry,
    ],
  ])(
    'cannot %s',
    async (_name, code, edit) => {
      const context = await contextOf(reckless, { state: writable(0) });
      const asking = whileTampered(await rewritten(edit), () => openVault(context, questions, []));
      await expect(asking).rejects.toMatchObject({ code });
    },
    120_000,
  );

  it('cannot have an answer about fewer candles taken for one about these', async () => {
    const context = await contextOf(modest, { state: writable(0) });
    const earlier = (entry: LedgerEntry): LedgerEntry =>
      entry.kind === 'vault-opened' ? { ...entry, until: entry.until - 1 } : entry;
    const asked = await questionsOf(context);
    const asking = whileTampered(await rewritten(earlier), () => openVault(context, asked, []));
    await expect(asking).rejects.toMatchObject({ code: 'vault/read-only' });
  }, 120_000);

  it.each<[string, Partial<EntryOf<'night-began'>>]>([
    ['another version', { parentTree: 'a'.repeat(40) }],
    ['another strategy', { strategy: 'other' }],
  ])(
    'cannot take the yes of a night that was about %s',
    async (_name, change) => {
      const edit = (entry: LedgerEntry): LedgerEntry => (entry.kind === 'night-began' ? { ...entry, ...change } : entry);
      const result = await whileTampered(await rewritten(edit), async () => backtestGate(await contextOf(modest)));
      expect(result).toMatchObject({
        conclusion: 'failure',
        title: expect.stringContaining('than another version of a strategy'),
      });
    },
    60_000,
  );
});

describe('the ledger behind the evidence', () => {
  /** What the gate says while files on the state branch are other than they were; they are put back after. */
  async function saysWith(change: (path: string) => Promise<readonly [string, string | null][]>): Promise<string> {
    const cycle = (await readLedgerFrom(deployment.state)).entries[0]!.cycle;
    return whileTampered(await change(cycle), async () =>
      backtestGate(await contextOf(modest)).then(
        ({ title }) => title,
        (error: Error) => error.message,
      ),
    );
  }

  it.each<[string, (cycle: string) => Promise<readonly [string, string | null][]>, RegExp]>([
    [
      'was cut short',
      async (cycle) => [[ledgerPath(cycle), (await deployment.state.readText(ledgerPath(cycle)))!.slice(0, -9)]],
      /^ledger\/20260101-1\.jsonl:\d+: the last line is cut off/,
    ],
    [
      'was rewritten',
      async (cycle) => [[ledgerPath(cycle), (await deployment.state.readText(ledgerPath(cycle)))!.replace('test', 'text')]],
      /^ledger\/20260101-1\.jsonl:\d+: it does not follow/,
    ],
    ['lost its head', async () => [[LEDGER_HEAD_PATH, null]], /^ledger\/head\.json: it is missing/],
    ['lost its return series', async (cycle) => [[returnsPath(cycle), null]], /^ledger\/20260101-1\.returns: it is missing/],
    [
      'has other return series',
      async (cycle) => [[returnsPath(cycle), 'rubbish']],
      /^ledger\/20260101-1\.returns: it holds no return series/,
    ],
  ])(
    'names the file when it %s, and proves nothing',
    async (_name, change, expected) => {
      expect(await saysWith(change)).toMatch(expected);
    },
    60_000,
  );

  it('must have counted the candidate among its trials', async () => {
    const manifest = `${shippedFiles('ema-cross').get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8')}# untried\n`;
    const head = await commitOn(deployment, new Map([[`${FOLDER}/manifest.yaml`, manifest]]), modest);
    const { title } = await backtestGate(await contextOf(head));
    expect(title).toMatch('the ledger knows no trial of these files in cycle 20260101-1');
  }, 60_000);

  it('must hold a yes of the selection data, or the numbers on them were not paid for', async () => {
    const files = shippedFiles('ema-cross');
    files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.5'));
    const pack = await makeEvidence(deployment, files, 'below');
    const { title } = await backtestGate(await contextOf(await proposalOf(deployment, files, pack)));
    expect(title).toMatch('the selection data never said yes to these files');
  }, 120_000);
});
