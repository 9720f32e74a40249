import { describe, expect, it } from 'vitest';
import { editTexts } from '#bot/orchestrator/repair/edit-texts.ts';
import { type Move, type Unmended, versionKey } from '#bot/orchestrator/repair/move.ts';
import { repairPlan } from '#bot/orchestrator/repair/plan.ts';
import { repairBranch, type WeakPackage } from '#bot/orchestrator/repair/weaknesses.ts';

const weakNpm = (name: string, version: string, range: string, file = 'package-lock.json'): WeakPackage => ({
  ecosystem: 'npm',
  name,
  version,
  file,
  advisories: [
    { id: 'GHSA-aaaa-bbbb-cccc', aliases: [], title: 'Bad', severity: 'high', url: null, fix: { kind: 'outside', range } },
  ],
});
const weakPython = (name: string, version: string, ...fixed: string[]): WeakPackage => ({
  ecosystem: 'PyPI',
  name,
  version,
  file: 'requirements.txt',
  advisories: [
    { id: 'PYSEC-1', aliases: [], title: 'Bites', severity: null, url: null, fix: { kind: 'since', versions: fixed } },
  ],
});

interface Tree {
  readonly manifest: object;
  readonly packages?: Readonly<Record<string, object>>;
}

const filesOf = ({ manifest, packages = {} }: Tree) =>
  new Map([
    ['package.json', `${JSON.stringify(manifest, null, 2)}\n`],
    ['package-lock.json', JSON.stringify({ lockfileVersion: 3, packages: { '': manifest, ...packages } }, null, 2)],
  ]);

function planned(weak: WeakPackage, files: ReadonlyMap<string, string>, versions: readonly string[] | null, refused = new Map()) {
  const { moves, unmended } = repairPlan([weak], files, { versionsOf: () => versions }, refused);
  return (moves[0] ?? unmended[0]) as Move & Unmended;
}

const versions = ['1.0.0', '1.0.1', '1.1.0', '2.0.0', '2.1.0-rc.1'];
const direct = (range: string, field = 'dependencies') =>
  filesOf({ manifest: { [field]: { a: range } }, packages: { 'node_modules/a': { version: '1.0.0' } } });
const along = (asks: string, manifest: object = {}) =>
  filesOf({
    manifest: { dependencies: { top: '^1.0.0' }, ...manifest },
    packages: {
      'node_modules/top': { version: '1.0.0', dependencies: { a: asks } },
      'node_modules/a': { version: '1.0.0' },
    },
  });

describe('a package that a manifest asks for itself', () => {
  it.each([
    ['^1.0.0', '<1.0.1', '1.0.1', '^1.0.1'],
    ['~1.0.0', '<1.0.1', '1.0.1', '~1.0.1'],
    ['>=1.0.0', '<1.0.1', '1.0.1', '>=1.0.1'],
    ['1.0.0', '<1.0.1', '1.0.1', '1.0.1'],
    ['1.x', '<1.0.1', '1.0.1', '^1.0.1'],
    ['*', '<1.0.1', '1.0.1', '^1.0.1'],
  ])('asked for as %s takes the smallest version without it, and the range goes up to it', (range, affected, to, after) => {
    const move = planned(weakNpm('a', '1.0.0', affected), direct(range), versions);
    expect(move).toMatchObject({
      to,
      edits: [{ kind: 'range', file: 'package.json', field: 'dependencies', name: 'a', range: after }],
    });
  });

  it('stays within its major where the range does not allow the fix', () => {
    const move = planned(weakNpm('a', '1.0.0', '<1.1.0'), direct('~1.0.0'), versions);
    expect(move).toMatchObject({ to: '1.1.0', beyond: ['package.json asks for ~1.0.0'] });
  });

  it('goes to the next major where there is no other, never to a pre-release', () => {
    const move = planned(weakNpm('a', '1.0.0', '<2.0.0'), direct('^1.0.0', 'devDependencies'), versions);
    expect(move).toMatchObject({ to: '2.0.0', edits: [{ field: 'devDependencies', range: '^2.0.0' }] });
  });

  it('skips versions that were tried and did not do', () => {
    const weak = weakNpm('a', '1.0.0', '<1.0.1');
    const refused = new Map([[versionKey(weak, '1.0.1'), 'it has another one']]);
    expect(planned(weak, direct('^1.0.0'), versions, refused)).toMatchObject({ to: '1.1.0' });
  });

  it.each<[string, WeakPackage, ReadonlyMap<string, string>, readonly string[] | null, RegExp]>([
    [
      'no fix exists',
      weakNpm('a', '1.0.0', '>=0'),
      direct('^1.0.0'),
      versions,
      /no version after 1\.0\.0 is published without it/,
    ],
    ['the registry does not say', weakNpm('a', '1.0.0', '<1.0.1'), direct('^1.0.0'), null, /does not say which versions/],
    ['it is asked for by a tag', weakNpm('a', '1.0.0', '<1.0.1'), direct('latest'), versions, /which is no range/],
    [
      'it is asked for by another name',
      weakNpm('a', '1.0.0', '<1.0.1'),
      filesOf({
        manifest: { dependencies: { other: 'npm:a@1.0.0' } },
        packages: { 'node_modules/other': { name: 'a', version: '1.0.0' } },
      }),
      versions,
      /under another name/,
    ],
    [
      'it lies in the archive of another',
      weakNpm('a', '1.0.0', '<1.0.1'),
      filesOf({ manifest: {}, packages: { 'node_modules/x/node_modules/a': { version: '1.0.0', inBundle: true } } }),
      versions,
      /inside the archive of another package/,
    ],
    [
      'its lock is of another tool',
      { ...weakPython('a', '1.0', '1.1'), file: 'poetry.lock' },
      new Map(),
      versions,
      /only its own tool writes poetry\.lock/,
    ],
  ])('is left as it is, with the reason, where %s', (_name, weak, files, offered, reason) => {
    expect(planned(weak, files, offered).reason).toMatch(reason);
  });
});

describe('a package that comes along with others', () => {
  it('gets an override for exactly the weak version', () => {
    const move = planned(weakNpm('a', '1.0.0', '<1.0.1'), along('^1.0.0'), versions);
    expect(move).toMatchObject({
      to: '1.0.1',
      edits: [{ kind: 'override', file: 'package.json', path: ['a@1.0.0'], range: '^1.0.1' }],
      beyond: [],
    });
  });

  it('says whose range it goes beyond', () => {
    const move = planned(weakNpm('a', '1.0.0', '<2.0.0'), along('^1.0.0'), versions);
    expect(move).toMatchObject({ to: '2.0.0', beyond: ['top 1.0.0 asks for ^1.0.0'] });
  });

  it('moves the override that is there, in the way it was written', () => {
    const files = along('^1.0.0', { overrides: { top: { a: '1.0.0' } } });
    expect(planned(weakNpm('a', '1.0.0', '<1.0.1'), files, versions).edits).toEqual([
      { kind: 'override', file: 'package.json', path: ['top', 'a'], range: '1.0.1' },
    ]);
  });

  it('needs none where the manifest asks for it too and all can share it', () => {
    const files = along('^1.0.0', { dependencies: { top: '^1.0.0', a: '^1.0.0' } });
    expect(planned(weakNpm('a', '1.0.0', '<1.0.1'), files, versions).edits).toEqual([
      { kind: 'range', file: 'package.json', field: 'dependencies', name: 'a', range: '^1.0.1' },
    ]);
  });
});

describe('a package in a list of requirements', () => {
  const list = (source?: string) =>
    new Map([['requirements.txt', 'snake==1.0\n'], ...(source === undefined ? [] : [['requirements.in', source] as const])]);

  it('takes the smallest version in which the database says that it is mended', () => {
    const move = planned(weakPython('snake', '1.0', '1.2', '2.0'), list(), ['1.0', '1.1', '1.2', '1.3', '2.0']);
    expect(move.edits).toEqual([{ kind: 'pin', file: 'requirements.txt', name: 'snake', from: '1.0', to: '1.2' }]);
  });

  it('respects what the source of the list allows, and raises it where it must and may', () => {
    const weak = weakPython('snake', '1.0', '1.2', '2.0');
    expect(planned(weak, list('snake>=1,<2\n'), ['1.0', '1.2', '2.0']).to).toBe('1.2');
    expect(planned(weak, list('snake~=1.0.0\n'), ['1.0', '1.2', '2.0'])).toMatchObject({
      to: '1.2',
      edits: [{ kind: 'pin' }, { kind: 'specifier', file: 'requirements.in', before: '~=1.0.0', after: '~=1.2' }],
    });
    expect(planned(weak, list('snake<1.1\n'), ['1.0', '1.2', '2.0']).reason).toMatch(/requirements\.in asks for snake<1\.1/);
  });
});

describe('the texts', () => {
  it('keep their order, indentation and end, and gain what moves', () => {
    const text = '{\n\t"name": "x",\n\t"dependencies": { "a": "^1.0.0" }\n}\n';
    const edited = editTexts(new Map([['package.json', text]]), [
      { kind: 'range', file: 'package.json', field: 'dependencies', name: 'a', range: '^1.0.1' },
      { kind: 'override', file: 'package.json', path: ['b@1.0.0'], range: '^1.0.1' },
    ]);
    const after = edited.get('package.json')!;
    expect(after).toMatch(/^\{\n\t"name": "x",\n/);
    expect(after.endsWith('}\n')).toBe(true);
    expect(JSON.parse(after)).toEqual({ name: 'x', dependencies: { a: '^1.0.1' }, overrides: { 'b@1.0.0': '^1.0.1' } });
  });

  it('of requirements keep markers, comments and other lines, and get the hashes of the new version', () => {
    const old = 'a'.repeat(64);
    const text = `# made by pip-compile\nSnake_Oil[x]==1.0 ; python_version >= "3.9" \\\n    --hash=sha256:${old} \\\n    --hash=sha256:${old}\n    # via top\ntop==2.0\n`;
    const pin = { kind: 'pin', file: 'r.txt', name: 'snake-oil', from: '1.0', to: '1.1' } as const;
    const edited = editTexts(new Map([['r.txt', text]]), [pin], () => ['c'.repeat(64), 'b'.repeat(64)]);
    expect(edited.get('r.txt')).toBe(
      `# made by pip-compile\nSnake_Oil[x]==1.1 ; python_version >= "3.9" \\\n    --hash=sha256:${'b'.repeat(64)} \\\n    --hash=sha256:${'c'.repeat(64)}\n    # via top\ntop==2.0\n`,
    );
    expect(() => editTexts(new Map([['r.txt', 'top==2.0\n']]), [pin])).toThrow(/does not have the pin/);
  });
});

describe('the branch of a repair', () => {
  it('is the same for the same weaknesses in any order of advisories, and another for others', () => {
    const weak = weakNpm('a', '1.0.0', '<2');
    const two = { ...weak, advisories: [...weak.advisories, { ...weak.advisories[0]!, id: 'GHSA-dddd-eeee-ffff' }] };
    const turned = { ...two, advisories: two.advisories.toReversed() };
    expect(repairBranch([two])).toMatch(/^repair\/[0-9a-f]{16}$/);
    expect(repairBranch([turned])).toBe(repairBranch([two]));
    expect(repairBranch([weak])).not.toBe(repairBranch([two]));
  });
});
