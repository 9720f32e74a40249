import { describe, expect, it } from 'vitest';
import { createProgram } from '#bot/cli/program.ts';
import { shapeOf } from '#bot/gates/docs/command-shape.ts';
import { type DocumentTree, findBrokenReferences } from '#bot/gates/docs/find-broken-references.ts';
import { readDocument } from '#bot/gates/docs/read-document.ts';

const program = shapeOf(createProgram());
const scripts = [
  { name: 'start', command: 'node bot/cli/ratchet.js up' },
  { name: 'test', command: 'vitest run' },
  { name: 'long', command: 'node bot/cli/ratchet.js' },
];

function broken(text: string, path = 'docs/ops/page.md', other: Partial<DocumentTree> = {}): readonly string[] {
  const documents = new Map([
    [path, text],
    ['docs/other.md', '# Reading a `pull` request: part 1\n\n## Twice\n\n## Twice\n\n<a id="by-hand"></a>\n'],
  ]);
  const files = ['README.md', 'package.json', 'engine/risk/limits.ts', 'docs/pull request.png', ...documents.keys()];
  const found = findBrokenReferences({ files, documents, scripts: new Map([['', scripts]]), ...other }, program);
  return found.map(({ line, message }) => `${line} ${message}`);
}

describe('a document', () => {
  it('is read with its links, codes and headings, at their lines', () => {
    const { links, codes, anchors } = readDocument(
      'A\n[b](c.md#d "e")\n![f](g.png) `h i`\n\n| `j` |\n|---|\n| [k](l) `m` |\n\n```sh\n$ n --o \\\n  p  # why\n\nq\n```\n\n[r][s] <img src="t.svg">\n\n[s]: u.md\n',
    );
    expect(links.map(({ text, line }) => `${line} ${text}`)).toEqual(['2 c.md#d', '3 g.png', '7 l', '16 u.md', '16 t.svg']);
    expect(codes.map(({ text, line }) => `${line} ${text}`)).toEqual(['3 h i', '5 j', '7 m', '10 n --o    p', '13 q']);
    expect([...anchors]).toEqual([]);
  });

  it('names its headings as GitHub does', () => {
    const { anchors } = readDocument('# It’s *here*: `a_b`, v1.2!\n\n## Straße und Größe\n\n## Twice\n\n## Twice\n');
    expect([...anchors]).toEqual(['its-here-a_b-v12', 'straße-und-größe', 'twice', 'twice-1']);
  });
});

describe('a document that is right', () => {
  it.each([
    '[a](../other.md) [b](../other.md#twice-1) [c](../other.md#reading-a-pull-request-part-1) [d](../other.md#by-hand)',
    '[a](https://example.com/x) [b](mailto:a@example.com) [c](//example.com)',
    '# Here\n\n[a](#here) [b](../../README.md) [c](/engine/risk/limits.ts#L3) [d](../../engine/) ![e](<../pull request.png>)',
    '`engine/risk` `engine/risk/limits.ts:12` `strategies/<id>/strategy.ts` `engine/**/*.ts` `ratchet/contract` `a/b`',
    '`policies/keys.yaml` `policies/evaluation.yaml`',
    '`ratchet` `npx ratchet gate all --base A --head B` `ratchet status --json` `ratchet …` `ratchet.yaml` `ratchet/state`',
    '```sh\nnpm ci && npm start -- --once --seed 7   # a word\nRATCHET_TRIALS=9 npm start | tee log\nnpm test\nnpm run --silent long -- doctor --json\n```',
  ])('is not mistaken for a wrong one: %s', (text) => {
    expect(broken(text)).toEqual([]);
  });
});

describe('a document that is wrong', () => {
  it.each([
    ['[a](gone.md)', 'The link gone.md leads to nothing: mend it, or add docs/ops/gone.md.'],
    ['[a](../../../out.md)', 'The link ../../../out.md leads to nothing: mend it, or add ../out.md.'],
    ['[a](../other.md#gone)', 'The link ../other.md#gone names no heading of docs/other.md: mend what stands behind #.'],
    ['[a](#gone)', 'The link #gone names no heading of docs/ops/page.md: mend what stands behind #.'],
    ['<img src="gone.png">', 'The link gone.png leads to nothing: mend it, or add docs/ops/gone.png.'],
    ['`engine/gone.ts`', 'engine/gone.ts is not there: name what is, or add it.'],
    ['`policies/gone.yaml`', 'policies/gone.yaml is not there: name what is, or add it.'],
    ['`npm run deploy`', 'package.json has no script deploy: mend the line, or add the script.'],
    ['`ratchet dawn`', 'ratchet has no command dawn: ratchet --help lists what there is.'],
    ['`npx ratchet data upload FILE`', 'data has no command upload: ratchet --help lists what there is.'],
    ['`ratchet status --colour`', 'status has no option --colour: ratchet --help lists what there is.'],
    ['`ratchet doctor teeth`', 'doctor takes no teeth: ratchet --help lists what there is.'],
    ['`npm start -- --twice`', 'up has no option --twice: ratchet --help lists what there is.'],
    ['`npm run long -- nothing`', 'ratchet has no command nothing: ratchet --help lists what there is.'],
    ['`cd x && ratchet dawn`', 'ratchet has no command dawn: ratchet --help lists what there is.'],
  ])('is found out by %s', (text, expected) => {
    expect(broken(`# Page\n\nOne line.\nType ${text}.\n`)).toEqual([`4 ${expected}`]);
  });

  it('is found out in a block of code, at its line', () => {
    expect(broken('```sh\nnpm test\nratchet status \\\n  --colour\n```\n')).toEqual([
      '3 status has no option --colour: ratchet --help lists what there is.',
    ]);
  });

  it('is found out by a script where nothing has scripts', () => {
    expect(broken('`npm run x`', 'README.md', { scripts: new Map() })).toEqual([
      '1 npm run x runs a script, and there is no package.json: mend the line.',
    ]);
  });
});

it('a history may name what was, and must not link to it', () => {
  expect(broken('`ratchet dawn` in `engine/gone.ts`', 'CHANGELOG.md')).toEqual([]);
  expect(broken('[a](gone.md)', 'CHANGELOG.md')).toHaveLength(1);
});
