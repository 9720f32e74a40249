import { describe, expect, it } from 'vitest';
import { applyAnswer } from '#bot/proposers/claude/apply-answer.ts';
import { type GeneratorAnswer, readGeneratorAnswer } from '#bot/proposers/claude/generator-answer.ts';

type Change = Exclude<GeneratorAnswer, { kind: 'NO_CHANGE' }>;

const PARENT = new Map([
  ['strategy.ts', 'const a = 1;\nconst b = 1;\naaa\n'],
  ['manifest.yaml', 'parameters:\n  fast: 9\n'],
]);
const CLAIM = {
  hypothesis: 'A slower average follows less noise.',
  changes: ['fast: 9 → 14'],
  riskTier: 1 as const,
  prediction: 'Fewer trades than the parent on the same days.',
  killRule: 'As many trades as the parent after 30 days.',
};

function tweak(...edits: Extract<Change, { kind: 'TWEAK' }>['edits']): Change {
  return { kind: 'TWEAK', ...CLAIM, edits };
}

describe("a model's answer", () => {
  it('is read when it is one JSON object of the form asked for', () => {
    const answer = tweak({ path: 'manifest.yaml', find: 'fast: 9', replace: 'fast: 14' });
    expect(readGeneratorAnswer(JSON.stringify(answer))).toEqual({ kind: 'read', answer });
  });

  it('may be that nothing should change, with a reason', () => {
    const answer = { kind: 'NO_CHANGE', reason: 'Too few trades to tell.' };
    expect(readGeneratorAnswer(JSON.stringify(answer))).toEqual({ kind: 'read', answer });
  });

  it.each([
    ['is no JSON', 'Certainly! {', /no JSON/],
    [
      'lacks a kill rule',
      JSON.stringify({ ...tweak({ path: 'a.ts', find: 'a', replace: 'b' }), killRule: undefined }),
      /killRule/,
    ],
    [
      'has a risk tier there is not',
      JSON.stringify({ ...tweak({ path: 'a.ts', find: 'a', replace: 'b' }), riskTier: 0 }),
      /riskTier/,
    ],
    ['brings a merge of its own', JSON.stringify({ kind: 'NO_CHANGE', reason: 'x', merge: true }), /merge/],
    ['is a decision nobody knows', JSON.stringify({ kind: 'MERGE' }), /kind/],
    ...['../../policies/auto-merge.yaml', '/etc/a.yaml', 'evidence/pack.yaml', '.github/a.yaml', 'a/../b.ts'].map(
      (path) =>
        [`writes ${path}`, JSON.stringify(tweak({ path, find: 'a', replace: 'b' })), /no file a strategy may have/] as const,
    ),
  ] as const)('is told what is wrong when it %s', (_what, text, why) => {
    const read = readGeneratorAnswer(text);
    expect(read.kind).toBe('unreadable');
    expect(read).toHaveProperty('why', expect.stringMatching(why));
  });
});

describe('a change, carried out on its parent', () => {
  it('replaces what it names, word for word, and leaves the parent as it was', () => {
    const before = new Map(PARENT);
    const applied = applyAnswer(PARENT, tweak({ path: 'manifest.yaml', find: '9', replace: "$& $' $1" }));
    expect(applied).toEqual({ kind: 'applied', files: new Map(PARENT).set('manifest.yaml', "parameters:\n  fast: $& $' $1\n") });
    expect(PARENT).toEqual(before);
  });

  it('lets an edit see those before it', () => {
    const edits = [
      { path: 'strategy.ts', find: 'a = 1', replace: 'c = 2' },
      { path: 'strategy.ts', find: 'c = 2', replace: 'c = 3' },
    ];
    const applied = applyAnswer(PARENT, tweak(...edits));
    expect(applied).toEqual({ kind: 'applied', files: new Map(PARENT).set('strategy.ts', 'const c = 3;\nconst b = 1;\naaa\n') });
  });

  it.each([
    ['finds nothing', 'strategy.ts', 'const z', /does not stand/],
    ['finds two places', 'strategy.ts', ' = 1', /more than once/],
    ['finds two places that overlap', 'strategy.ts', 'aa', /more than once/],
    ['is of a file the parent lacks', 'other.ts', 'a', /no file other\.ts/],
  ])('is refused whole when an edit %s', (_what, path, find, why) => {
    const good = { path: 'manifest.yaml', find: '9', replace: '14' };
    expect(applyAnswer(PARENT, tweak(good, { path, find, replace: 'x' }))).toEqual({
      kind: 'unfit',
      why: expect.stringMatching(why),
    });
  });

  it('is refused when nothing changes by it', () => {
    expect(applyAnswer(PARENT, tweak({ path: 'manifest.yaml', find: '9', replace: '9' }))).toHaveProperty('kind', 'unfit');
  });

  it('takes the place of the parent when it is whole modules, and needs a manifest', () => {
    const files = [
      { path: 'strategy.ts', text: 'export {};' },
      { path: 'manifest.yaml', text: 'id: x' },
    ];
    expect(applyAnswer(PARENT, { kind: 'NEW', ...CLAIM, files })).toEqual({
      kind: 'applied',
      files: new Map(files.map(({ path, text }) => [path, text])),
    });
    const without = [files[0]!, { path: 'other.ts', text: '' }];
    expect(applyAnswer(PARENT, { kind: 'NEW', ...CLAIM, files: without })).toHaveProperty(
      'why',
      expect.stringMatching(/manifest/),
    );
    const twice = [...files, files[0]!];
    expect(applyAnswer(PARENT, { kind: 'NEW', ...CLAIM, files: twice })).toHaveProperty('why', expect.stringMatching(/twice/));
  });
});
