import { describe, expect, it } from 'vitest';
import { dependencyFileKind } from '#bot/gates/audit/dependency-files.ts';
import { normalName, satisfies } from '#bot/gates/audit/pep440.ts';
import { readTomlLock } from '#bot/gates/audit/python-locks.ts';
import { readRequirement, readRequirements } from '#bot/gates/audit/python-requirements.ts';
import fc from '#tests/support/properties.ts';

describe('dependency files', () => {
  it.each([
    ['package.json', 'npm-manifest'],
    ['web/npm-shrinkwrap.json', 'npm-lock'],
    ['bun.lockb', 'npm-foreign-lock'],
    ['requirements.txt', 'requirements'],
    ['tests/parity/requirements.txt', 'requirements'],
    ['dev-requirements.txt', 'requirements'],
    ['Requirements_test.txt', 'requirements'],
    ['requirements/base.txt', 'requirements'],
    ['requirements-dev.lock', 'requirements'],
    ['requirements.in', 'requirements-source'],
    ['a/pyproject.toml', 'pyproject'],
    ['pylock.dev.toml', 'python-toml-lock'],
    ['Pipfile', 'pipfile'],
    ['setup.cfg', 'python-program'],
    ['node_modules/a/package.json', null],
    ['package.json.md', null],
    ['notes/requirements.md', null],
  ])('%s is %s', (path, kind) => {
    expect(dependencyFileKind(path)).toBe(kind);
  });
});

describe('versions of Python', () => {
  it.each([
    ['1.2.3', '>=1.2,<2', true],
    ['2.0', '>=1.2,<2', false],
    ['1.0', '==1.0.0', true],
    ['1.10', '>1.9', true],
    ['1.4.9', '~=1.4.5', true],
    ['1.5.0', '~=1.4.5', false],
    ['1.5.0', '~=1.4', true],
    ['1.4.9', '==1.4.*', true],
    ['1.5', '!=1.4.*', true],
    ['1.5', '', true],
    ['1.0rc1', '>=0.9', null],
    ['1.0rc1', '==1.0rc1', true],
    ['1.0', '~=1', null],
    ['1.0', '=>1', null],
    ['0.9', '>=1,<2rc1', false],
  ])('%s within "%s": %s', (version, specifier, expected) => {
    expect(satisfies(version, specifier)).toBe(expected);
  });

  it('are in the order of their numbers, however many zeros end them', () => {
    const release = fc.array(fc.nat(30), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(release, fc.nat(2), (parts, zeros) => {
        const version = parts.join('.');
        const longer = [...parts, ...Array(zeros).fill(0)].join('.');
        const next = [...parts.slice(0, -1), parts.at(-1)! + 1].join('.');
        return (
          satisfies(longer, `==${version}`) === true &&
          satisfies(next, `>${version}`) === true &&
          satisfies(version, `>=${next}`) === false
        );
      }),
    );
  });

  it('belong to names that are the same in any spelling', () => {
    expect(normalName('Ruamel.Yaml__clib')).toBe('ruamel-yaml-clib');
  });
});

describe('requirements', () => {
  it.each([
    ['numpy==2.0', { name: 'numpy', specifier: '==2.0' }],
    ['Django[argon2, bcrypt] >= 4.2, < 5 ; python_version < "3.12"', { name: 'django', specifier: '>= 4.2, < 5' }],
    ['zope.interface (>=5)', { name: 'zope-interface', specifier: '>=5' }],
    ['x', { name: 'x', specifier: '' }],
    ['x @ https://127.0.0.1/x.whl', null],
    ['==2.0', null],
    ['x=2.0', null],
  ])('%s', (text, expected) => {
    expect(readRequirement(text)).toEqual(expected);
  });

  it('are joined over lines, with the line each begins on, hashes and comments aside', () => {
    const { pins, remarks, includes } = readRequirements(
      'requirements.txt',
      '# made by hand\n--require-hashes\na==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via b\nB_c===2.0  --hash=sha256:22 # why\n-r more.txt\n',
    );
    expect(pins.map(({ name, version, line }) => [name, version, line])).toEqual([
      ['a', '1.0', 3],
      ['b-c', '2.0', 7],
    ]);
    expect(includes).toEqual([{ path: 'more.txt', line: 8 }]);
    expect(remarks).toEqual([]);
  });

  it('without hashes are worth a notice, and without a version nobody knows what they are', () => {
    const { pins, remarks } = readRequirements('requirements.txt', 'a==1.0\nb\nc==1.*\n-e .\n');
    expect(pins.map(({ name }) => name)).toEqual(['a']);
    expect(remarks.map(({ kind, line }) => [kind, line])).toEqual([
      ['unread', 2],
      ['unread', 3],
      ['unread', 4],
      ['notice', 1],
    ]);
  });

  it.each(['-rmore.txt', '-r more.txt', '--requirement=more.txt'])(
    'take in another file, however pip lets one write it: %s',
    (line) => {
      expect(readRequirements('requirements.txt', `${line}\n`).includes).toEqual([{ path: 'more.txt', line: 1 }]);
    },
  );

  it.each([
    ['an index without a space', '-ihttps://127.0.0.1/simple'],
    ['a folder without a space', '-fhttps://127.0.0.1/'],
    ['a shortened index', '--index https://127.0.0.1/simple'],
    ['a shortened include', '--req more.txt'],
    ['a source without a space', '-egit+https://127.0.0.1/evil'],
    ['constraints, which may name addresses', '-c constraints.txt'],
    ['an option nobody has heard of', '--what-ever'],
    ['a second line after an end of line that only Python knows', 'a==1.0 # \fevil'],
  ])('that hide %s are not taken for read', (_name, line) => {
    const { remarks } = readRequirements('requirements.txt', `${line}\n`);
    expect(remarks.map(({ kind }) => kind)).toContain('unread');
  });

  it('that only say how strict pip is are read', () => {
    const { remarks } = readRequirements('requirements.txt', '--require-hashes\n--only-binary :all:\n--pre\n');
    expect(remarks).toEqual([]);
  });
});

describe('locks of Python', () => {
  const lockOf = (lines: string) => readTomlLock('uv.lock', `[[package]]\nname = "a"\nversion = "1.0"\n${lines}\n`);

  it.each([
    ['nothing', ''],
    ['PyPI', 'source = { registry = "https://pypi.org/simple" }\nsdist = { url = "https://files.pythonhosted.org/a.tar.gz" }'],
  ])('that name %s as the source are read', (_name, lines) => {
    expect(lockOf(lines)).toMatchObject({ pins: [{ name: 'a', version: '1.0' }], remarks: [] });
  });

  it.each([
    ['another index', 'source = { registry = "https://127.0.0.1/simple" }'],
    ['an index that only begins like it', 'source = { registry = "https://pypi.org/simple/../evil" }'],
    ['another index (PEP 751)', 'index = "https://127.0.0.1/simple"'],
    ['an archive elsewhere', 'wheels = [{ url = "https://127.0.0.1/a.whl" }]'],
    ['an archive on the disk', 'wheels = [{ path = "a.whl" }]'],
  ])('that take a package from %s leave open what it is, whatever it is called', (_name, lines) => {
    expect(lockOf(lines)).toMatchObject({ pins: [{ name: 'a' }], remarks: [{ kind: 'unread', line: 1 }] });
  });
});
