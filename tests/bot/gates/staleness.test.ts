import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { type BaseFacts, proofInputs, staleness, verdictStaleness } from '#bot/gates/staleness.ts';
import { type CommitHash, Repository } from '#engine/repository/repository.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

describe('evidence', () => {
  const pack = samplePack();
  const { development, selection } = pack.spans;
  const evaluation = {
    dataset: pack.dataset,
    spans: { development, selection, vault: { from: selection.to, to: selection.to + 1 } },
    markets: pack.markets,
    capital: pack.capital,
    seed: pack.seed,
  } as Evaluation;
  const base: BaseFacts = {
    semantics: pack.semantics,
    evaluation,
    incumbentTree: pack.parentTree,
    beside: pack.correlation.filter(({ role }) => role === 'beside').map(({ strategy }) => strategy),
  };

  it('holds on the base it was made from', () => {
    expect(staleness(pack, base)).toEqual({ state: 'fresh' });
  });

  it('holds when only what nobody sees has moved: the vault', () => {
    const vault = { from: selection.to, to: selection.to + 86_400_000 };
    expect(staleness(pack, { ...base, evaluation: { ...evaluation, spans: { ...evaluation.spans, vault } } }).state).toBe(
      'fresh',
    );
  });

  it.each<[string, Partial<BaseFacts>, string, string]>([
    ['fills mean something else', { semantics: pack.semantics + 1 }, 'semantics', 'under semantics'],
    ['the version to be replaced is another', { incumbentTree: 'f'.repeat(40) }, 'incumbent', 'another incumbent'],
    ['the strategy is gone from the base', { incumbentTree: null }, 'incumbent', 'another incumbent'],
    [
      'the candles are others',
      { evaluation: { ...evaluation, dataset: { ...pack.dataset, digest: `sha256:${'0'.repeat(64)}` } } },
      'evaluation',
      'other candles than policies/evaluation.yaml',
    ],
    [
      'the cuts are others',
      {
        evaluation: { ...evaluation, spans: { ...evaluation.spans, selection: { ...selection, to: selection.to - 86_400_000 } } },
      },
      'evaluation',
      'other spans',
    ],
    ['trading costs otherwise', { evaluation: { ...evaluation, markets: {} } }, 'evaluation', 'other market rules'],
    ['the capital is another', { evaluation: { ...evaluation, capital: pack.capital * 2 } }, 'evaluation', 'other capital'],
    ['the seed is another', { evaluation: { ...evaluation, seed: pack.seed + 1 } }, 'evaluation', 'other seed'],
    ['another strategy trades beside it', { beside: [...base.beside, 'newcomer'] }, 'beside', 'other strategies trade'],
  ])('is stale when %s', (_name, moved, cause, reason) => {
    const freshness = staleness(pack, { ...base, ...moved });
    expect(freshness).toMatchObject({ state: 'stale', cause, reason: expect.stringContaining(reason) });
    expect(freshness).toMatchObject({ reason: expect.stringMatching(/^stale: .*; it must be made again\.$/) });
  });
});

describe('what the gates said of a head', () => {
  const PERSON = { name: 'Test', email: 'test@localhost' };
  const dir = mkdtempSync(join(tmpdir(), 'ratchet-staleness-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  let repository: Repository;
  let start: CommitHash;
  let head: CommitHash;

  const commit = (parent: CommitHash | null, files: Record<string, string | null>): Promise<CommitHash> =>
    repository.commit({
      parent,
      changes: new Map(Object.entries(files).map(([path, text]) => [path, text === null ? null : Buffer.from(text)])),
      message: 'change',
      author: PERSON,
      date: new Date(0),
    });
  const manifest = (id: string, stage: string, description = 'for the test'): string =>
    `id: ${id}\ndescription: ${description}\nstage: ${stage}\nentry: strategy.ts\n`;

  beforeAll(async () => {
    repository = await Repository.openMirror({ dir: join(dir, 'mirror.git'), remoteUrl: 'http://127.0.0.1:1/none.git' });
    start = await commit(null, {
      'README.md': 'A page.\n',
      'policies/gates.yaml': 'policies: []\n',
      'policies/evaluation.yaml': 'seed: 7\n',
      'strategies/mine/manifest.yaml': manifest('mine', 'paper'),
      'strategies/mine/strategy.ts': 'export default 1;\n',
      'strategies/beside/manifest.yaml': manifest('beside', 'paper'),
      'strategies/watched/manifest.yaml': manifest('watched', 'shadow'),
    });
    head = await commit(start, { 'strategies/mine/strategy.ts': 'export default 2;\n' });
  });

  /** Two steps of main after the proof: the first is what a test moves, the second one more of the same kind. */
  async function afterMoving(files: Record<string, string | null>, proven = head) {
    const before = await proofInputs(repository, start, proven);
    const moved = await commit(start, files);
    const movedAgain = await commit(moved, { ...files, 'docs/more.md': 'More.\n' });
    return [
      verdictStaleness(before, await proofInputs(repository, moved, proven)),
      verdictStaleness(before, await proofInputs(repository, movedAgain, proven)),
    ];
  }

  it.each<[string, Record<string, string | null>]>([
    ['a document', { 'README.md': 'Another page.\n' }],
    ['a file that was not there', { 'docs/ops/new.md': 'New.\n' }],
    [
      'a strategy in shadow, which no evidence uses',
      { 'strategies/watched/manifest.yaml': manifest('watched', 'shadow', 'again') },
    ],
    ['a strategy in shadow that is new', { 'strategies/other/manifest.yaml': manifest('other', 'shadow') }],
  ])('holds when main moves %s', async (_name, files) => {
    expect(await afterMoving(files)).toEqual([{ state: 'fresh' }, { state: 'fresh' }]);
  });

  it.each<[string, Record<string, string | null>, string]>([
    ['the version it replaces', { 'strategies/mine/strategy.ts': 'export default 3;\n' }, 'incumbent'],
    ['the version it replaces away', { 'strategies/mine/strategy.ts': null, 'strategies/mine/manifest.yaml': null }, 'incumbent'],
    ['the yardstick', { 'policies/evaluation.yaml': 'seed: 8\n' }, 'policies'],
    ['a rule', { 'policies/gates.yaml': 'policies: [{}]\n' }, 'policies'],
    ['a strategy that trades beside it', { 'strategies/beside/manifest.yaml': manifest('beside', 'paper', 'again') }, 'beside'],
    ['a strategy from shadow to paper', { 'strategies/watched/manifest.yaml': manifest('watched', 'paper') }, 'beside'],
    ['a strategy that trades away', { 'strategies/beside/manifest.yaml': null }, 'beside'],
  ])('is stale when main moves %s', async (_name, files, cause) => {
    expect(await afterMoving(files)).toMatchObject([
      { state: 'stale', cause },
      { state: 'stale', cause },
    ]);
  });

  it('is stale whatever moves when the head changes more than strategies', async () => {
    const wide = await commit(head, { 'docs/mine.md': 'Mine.\n' });
    expect(await afterMoving({ 'README.md': 'Another page.\n' }, wide)).toMatchObject([
      { state: 'stale', cause: 'change' },
      { state: 'stale', cause: 'change' },
    ]);
  });

  it('is stale when a file was renamed into the strategy from elsewhere', async () => {
    const long = `${'a line that git knows again\n'.repeat(20)}`;
    const base = await commit(start, { 'docs/long.md': long });
    const renamed = await commit(base, { 'docs/long.md': null, 'strategies/mine/notes.md': long });
    const before = await proofInputs(repository, base, renamed);
    const moved = await commit(base, { 'README.md': 'Another page.\n' });
    expect(verdictStaleness(before, await proofInputs(repository, moved, renamed))).toMatchObject({ cause: 'change' });
  });

  it('is stale under an engine in which fills mean something else', async () => {
    const inputs = await proofInputs(repository, start, head);
    expect(verdictStaleness({ ...inputs, semantics: inputs.semantics - 1 }, inputs)).toMatchObject({ cause: 'semantics' });
  });
});
