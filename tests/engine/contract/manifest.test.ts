import { describe, expect, it } from 'vitest';
import { parseManifest } from '#engine/contract/manifest.ts';

const GOOD = 'id: ema-cross\ndescription: a test\nstage: paper\nentry: strategy.ts\n';

function problem(text: string): string {
  const result = parseManifest(text);
  return 'problem' in result ? result.problem : 'none';
}

describe('parseManifest', () => {
  it('reads a manifest with comments, a folded description, parameters and a blueprint', () => {
    const text =
      '# by hand\nid: ema-cross\ndescription: >\n  Buys on\n  a cross.\nstage: paper\nentry: strategy.ts\nparameters: { fast: 9, slow: 2.5e1 }\nblueprint:\n  filters: [rsi, volume]\n';
    expect(parseManifest(text)).toEqual({
      manifest: {
        id: 'ema-cross',
        description: 'Buys on a cross.',
        stage: 'paper',
        entry: 'strategy.ts',
        parameters: { fast: 9, slow: 25 },
        blueprint: { filters: ['rsi', 'volume'] },
      },
    });
  });

  it.each([
    '../strategy.ts',
    '/etc/passwd',
    'sub/strategy.ts',
    '.hidden.ts',
    'strategy.ts\n',
    'a\\b.ts',
    'strategy.js',
    `${'x'.repeat(62)}.ts`,
  ])('refuses an entry that is no file of the folder: %j', (entry) => {
    expect(problem(GOOD.replace('strategy.ts', JSON.stringify(entry)))).toMatch(/^entry: /);
  });

  it.each(['con', 'nul', 'aux', 'prn', 'com1', 'lpt9'])('refuses an id whose folder Windows cannot have: %s', (id) => {
    expect(problem(GOOD.replace('ema-cross', id))).toMatch(/^id: .*Windows/);
    expect(problem(GOOD.replace('ema-cross', `${id}-2`))).toBe('none');
  });

  it.each([
    ['an escape sequence', '"a\\x1b[2J"'],
    ['a line of its own', '"a\\nb"'],
    ['a bidirectional override', '"a\\u202eb"'],
    ['nothing but space', '"  "'],
  ])('refuses a description with %s', (_name, text) => {
    expect(problem(GOOD.replace('a test', text))).toMatch(/^description: /);
  });

  it.each([
    ['infinite', '.inf'],
    ['not a number', '.nan'],
    ['a text', '"9"'],
    ['beyond all doubles', '1e999'],
  ])('refuses a parameter that is %s', (_name, value) => {
    expect(problem(`${GOOD}parameters: { fast: ${value} }\n`)).toMatch(/^parameters\.fast: /);
  });

  it.each(['Constructor', 'a b', '"a.b"'])('refuses a parameter named %s', (name) => {
    expect(problem(`${GOOD}parameters: { ${name}: 1 }\n`)).toMatch(/^parameters/);
  });

  it.each([
    ['an alias', `a: &a [1]\nb: *a\n${GOOD}`, /aliases/],
    ['an alias bomb', `a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]\n${GOOD}`, /aliases/],
    ['a merge', `a: &a {x: 1}\nb:\n  <<: *a\n${GOOD}`, /aliases/],
    ['a key twice', `${GOOD}stage: live\n`, /unique/],
    ['a second document', `${GOOD}---\nstage: live\n`, /document/],
    ['a tag of its own', GOOD.replace('a test', '!run x'), /tag/i],
    ['a directive', `%YAML 1.1\n---\n${GOOD}`, /directive/],
    ['a key that is a list', `${GOOD}? [a]\n: 1\n`, /keys must be strings/],
    ['a field nobody knows', `${GOOD}permissions: all\n`, /Unrecognized/],
    ['a key named __proto__', `${GOOD}parameters: { __proto__: 1 }\n`, /__proto__/],
    ['the same, escaped', `${GOOD}"\\x5f_proto__": { stage: live }\n`, /__proto__/],
    ['a list', '- 1\n', /the file/],
    ['nothing', '', /the file/],
  ])('refuses %s', (_name, text, expected) => {
    expect(problem(text)).toMatch(expected);
  });

  it.each([
    ['60,000 maps in each other', '{a: '.repeat(60_000)],
    ['maps in each other within the size', '{a: '.repeat(4_000)],
    ['maps with decoys', `{"}": `.repeat(2_000)],
    ['lists in each other, by signs', '- '.repeat(8_000)],
    ['keys in each other, by signs', '? '.repeat(8_000)],
    ['both in turn', '- ? '.repeat(4_000)],
    ['indentation', Array.from({ length: 170 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['commas', `[${','.repeat(60_000)}]`],
    ['anchors', '&a '.repeat(20_000)],
  ])('refuses %s before the parser sees it, which would end the process', (_name, text) => {
    expect(problem(text)).toMatch(/^it has \d+ characters|brackets|indented/);
  });

  it.each([
    ['as deep as is let through', `a:${' [{a: '.repeat(50)}`],
    ['as large as is let through', `[${','.repeat(16_000)}]`],
    ['as indented as is let through', Array.from({ length: 64 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
    ['as many signs as are let through', `${'- '.repeat(32)}a`],
  ])('answers what is %s', (_name, text) => {
    expect(problem(text)).not.toBe('none');
  });
});
