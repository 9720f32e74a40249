import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { AuditReport } from '#bot/gates/audit/report.ts';
import type { GateContext } from '#bot/gates/context.ts';
import type { GateTools } from '#bot/gates/gate-tools.ts';
import { runGate } from '#bot/gates/run-gates.ts';
import { type AdvisoryServer, startNpmRegistry, startOsv } from '#tests/support/advisory-servers.ts';
import { type Changes, createChanges } from '#tests/support/change.ts';
import { gateTools } from '#tests/support/gate-tools.ts';
import { itLong } from '#tests/support/long.ts';
import { hasPipAudit } from '#tests/support/python.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

let changes: Changes;
let registry: AdvisoryServer;
let osv: AdvisoryServer;
let folder: string;

beforeAll(async () => {
  changes = await createChanges();
  folder = mkdtempSync(join(tmpdir(), 'ratchet-audit-test-'));
  registry = await startNpmRegistry([
    { id: 'GHSA-aaaa-bbbb-cccc', package: 'left-lane', versions: ['1.0.0', '1.1.0'], title: 'Runs what it reads' },
    { id: 'GHSA-dddd-eeee-ffff', package: 'old-hat', versions: ['2.0.0'], title: 'Believes its input' },
  ]);
  osv = await startOsv([
    { id: 'PYSEC-2025-1', aliases: ['CVE-2025-1111'], package: 'snake', versions: ['1.0'], title: 'Bites' },
    { id: 'PYSEC-2099-1', package: 'future', versions: ['1.0'], title: 'Unheard of', schemaVersion: '2.0.0' },
  ]);
});
afterEach(() => {
  registry.answerWith(null);
  osv.answerWith(null);
  registry.asked.length = 0;
  osv.asked.length = 0;
});
afterAll(async () => {
  changes.close();
  rmSync(folder, { recursive: true });
  await Promise.all([registry.close(), osv.close()]);
});

const tools = (settings: Partial<GateTools['audit']> = {}, onAudit?: (report: AuditReport) => void): GateTools => ({
  ...gateTools,
  clock: () => NOW,
  audit: { ...gateTools.audit, npmRegistry: registry.url, osvUrl: osv.url, ...settings },
  ...(onAudit === undefined ? {} : { onAudit }),
});

const audit = (context: GateContext, settings: Partial<GateTools['audit']> = {}): Promise<GateResult> =>
  runGate('audit', context, [], tools(settings));

/** A manifest and its lock, in step, as npm writes them. */
function npm(dependencies: Record<string, string>, inFolder = '') {
  const packages = Object.fromEntries(
    Object.entries(dependencies).map(([name, version]) => [`node_modules/${name}`, { version, integrity: 'sha512-AA==' }]),
  );
  const root = { name: 'x', version: '1.0.0', dependencies };
  return {
    [`${inFolder}package.json`]: JSON.stringify(root, null, 2),
    [`${inFolder}package-lock.json`]: JSON.stringify(
      { name: 'x', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': root, ...packages } },
      null,
      2,
    ),
  };
}

function exceptions(...entries: readonly Record<string, string>[]) {
  return { 'policies/advisories.yaml': JSON.stringify({ exceptions: entries }) };
}

/** A program in place of a scanner. */
function scanner(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the audit of npm, with npm itself and a registry on loopback', () => {
  it('refuses a package with a known weakness that the change brings, at its line of the lock', async () => {
    const head = npm({ 'left-lane': '1.0.0' });
    const result = await audit(await changes.change(npm({}), head));
    expect(result).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('left-lane 1.0.0 has GHSA-aaaa-bbbb-cccc'),
    });
    expect(result.title).toContain('package-lock.json');
    expect(result.couldNotLook).toBeUndefined();
    const line = head['package-lock.json']!.split('\n').findIndex((text) => text.includes('"node_modules/left-lane"')) + 1;
    expect(result.annotations).toEqual([
      expect.objectContaining({ path: 'package-lock.json', startLine: line, level: 'failure' }),
    ]);
  });

  it('does not hold against a change what the base had, and says that it was there', async () => {
    const base = npm({ 'old-hat': '2.0.0' });
    const result = await audit(await changes.change(base, npm({ 'old-hat': '2.0.0', fine: '1.0.0' })));
    expect(result).toMatchObject({ conclusion: 'success', title: expect.stringContaining('1 known weakness was there before') });
    expect(result.summary).toMatch(/base had already[\s\S]*old-hat 2\.0\.0/);
    expect(result.annotations).toEqual([expect.objectContaining({ level: 'warning' })]);
  });

  it('tells the two apart in one lock', async () => {
    const result = await audit(
      await changes.change(npm({ 'old-hat': '2.0.0' }), npm({ 'old-hat': '2.0.0', 'left-lane': '1.1.0' })),
    );
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('left-lane') });
    expect(result.annotations.map(({ level }) => level).sort()).toEqual(['failure', 'warning']);
  });

  it('says what a change takes away', async () => {
    const result = await audit(await changes.change(npm({ 'old-hat': '2.0.0' }), npm({})));
    expect(result).toMatchObject({ conclusion: 'success' });
    expect(result.summary).toMatch(/takes away[\s\S]*old-hat 2\.0\.0/);
  });

  it('keeps knowing a lock that was moved', async () => {
    const base = npm({ 'old-hat': '2.0.0' });
    const moved = { 'package.json': null, 'package-lock.json': null, ...npm({ 'old-hat': '2.0.0' }, 'app/') };
    expect(await audit(await changes.change(base, moved))).toMatchObject({
      conclusion: 'success',
      title: expect.stringContaining('brings no dependency; 1 known weakness was there before'),
    });
  });

  it('does not hold against a change what the base has mended since, unless the change has touched that file', async () => {
    const fork = await changes.commit(null, npm({ 'old-hat': '2.0.0' }));
    const mended = await changes.commit(fork, npm({ 'old-hat': '2.1.0' }));
    const aside = await changes.commit(fork, { 'notes.md': 'x' });
    expect(await audit(await changes.between(mended, aside, 'person'))).toMatchObject({ conclusion: 'success' });
    const inTheWay = await changes.commit(fork, npm({ 'old-hat': '2.0.0', fine: '1.0.0' }));
    expect(await audit(await changes.between(mended, inTheWay, 'person'))).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('old-hat 2.0.0 has GHSA-dddd-eeee-ffff'),
    });
  });

  it('asks about base and head, without the registry that the change would like to be asked', async () => {
    const head = { ...npm({ 'left-lane': '1.1.0' }), '.npmrc': 'registry=http://127.0.0.1:9/\naudit=false\n' };
    expect(await audit(await changes.change(npm({ 'old-hat': '2.0.0' }), head))).toMatchObject({ conclusion: 'failure' });
    const questions = registry.asked.filter((line) => line.startsWith('POST')).join('\n');
    expect(questions).toContain('"old-hat":["2.0.0"]');
    expect(questions).toContain('"left-lane":["1.1.0"]');
  });

  it.each([
    ['is not in the lock', { fine: '1.0.0' }, {}, 'package.json: dependencies has fine at 1.0.0, package-lock.json not at all'],
    ['has another range there', { fine: '^1.0.0' }, { fine: '1.0.0' }, 'fine at ^1.0.0, package-lock.json at 1.0.0'],
    ['is no longer asked for', {}, { fine: '1.0.0' }, 'has fine not at all, package-lock.json at 1.0.0'],
  ])('refuses a lock out of step: a package %s', async (_name, wanted, locked, expected) => {
    const head = { ...npm(locked), 'package.json': npm(wanted)['package.json']! };
    const result = await audit(await changes.change(npm({}), head));
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining(expected) });
    expect(result.couldNotLook).toBeUndefined();
  });

  it('refuses a lock whose version lies outside the range', async () => {
    const files = npm({ fine: '^1.0.0' });
    const head = {
      ...files,
      'package-lock.json': files['package-lock.json']!.replace('"version": "^1.0.0"', '"version": "2.0.0"'),
    };
    expect(await audit(await changes.change(npm({}), head))).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('has fine 2.0.0, which is not within ^1.0.0'),
    });
  });
});

describe('the audit could not look', () => {
  const brings = () => changes.change(npm({}), npm({ fine: '1.0.0' }));

  it.each([
    ['answers 405', { status: 405, body: '' }, '405'],
    ['answers rubbish', { status: 200, body: '<html>Welcome</html>' }, 'JSON'],
  ])('when the registry %s: that is no success, and says so', async (_name, reply, expected) => {
    registry.answerWith(reply);
    const result = await audit(await brings());
    expect(result).toMatchObject({
      conclusion: 'failure',
      couldNotLook: true,
      title: expect.stringMatching(/^Could not look: npm audit/),
    });
    expect(result.title).toContain(expected);
  });

  it('when nobody listens', async () => {
    const result = await audit(await brings(), { npmRegistry: 'http://127.0.0.1:1/' });
    expect(result).toMatchObject({ conclusion: 'failure', couldNotLook: true, title: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    ['prints rubbish', 'echo found 0 vulnerabilities', 'printed no JSON: found 0 vulnerabilities'],
    ['prints nothing', 'true', 'printed no JSON: nothing at all'],
    ['prints an empty report', `echo '{"vulnerabilities":{}}'`, 'gave no report'],
    [
      'says that it looked at nothing',
      `echo '{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"dependencies":{"total":0}}}'`,
      'looked at no package',
    ],
  ])('when npm %s', async (_name, script, expected) => {
    const result = await audit(await brings(), { npm: scanner('npm', script) });
    expect(result).toMatchObject({ conclusion: 'failure', couldNotLook: true, title: expect.stringContaining(expected) });
    expect(result.title).toMatch(/what package-lock\.json brings: run the gate again when it can be asked$/);
  });

  it('when npm is not installed, or does not end', async () => {
    const context = await brings();
    expect(await audit(context, { npm: join(folder, 'nowhere') })).toMatchObject({
      couldNotLook: true,
      title:
        'Could not look: npm audit gave no answer: it is not installed; nobody has looked at what package-lock.json brings: run the gate again when it can be asked',
    });
    expect(await audit(context, { npm: scanner('npm', 'sleep 600 & wait'), timeoutMs: 300 })).toMatchObject({
      couldNotLook: true,
      title: expect.stringContaining('had not answered'),
    });
  });

  it('and that blocks no change that brings no dependency: it succeeds, and says what nobody looked at', async () => {
    registry.answerWith({ status: 405, body: '' });
    const result = await audit(await changes.change(npm({ 'old-hat': '2.0.0' }), { 'a.txt': 'a\n' }));
    expect(result).toMatchObject({
      conclusion: 'success',
      title: 'The change brings no dependency; what was there before could not be looked at',
    });
    expect(result.summary).toMatch(/405[\s\S]*so this does not block it/);
  });

  const OPEN: [path: string, content: string, expected: string][] = [
    ['yarn.lock', 'left-lane@1.0.0:\n', 'lock with package-lock.json'],
    ['package.json', '{"dependencies":{"fine":"^1.0.0"}}', 'commit the lock'],
    ['requirements.txt', 'snake>=1.0\n', 'snake has no exact version'],
  ];
  const ALSO_OPEN: typeof OPEN = [
    ['setup.py', 'from setuptools import setup\n', 'move its dependencies to pyproject.toml'],
    ['package.json', '{', 'mend the JSON'],
    ['pyproject.toml', '[project]\ndependencies = ["snake>=1"]\n', 'commit one'],
    ['requirements.txt', 'git+https://127.0.0.1/snake\n', 'is no published version'],
    ['requirements.txt', '--extra-index-url http://127.0.0.1/\nsnake==2.0\n', 'another index'],
    ['requirements.txt', '-r ../../../etc/hostname\n', 'leads to no file'],
  ];
  const leftOpen = async (path: string, content: string, expected: string) => {
    const result = await audit(await changes.change({}, { [path]: content }));
    expect(result).toMatchObject({ conclusion: 'failure', couldNotLook: true });
    expect(result.title).toMatch(new RegExp(`^Could not look: ${path}: `));
    expect(result.title).toContain(expected);
    expect(await audit(await changes.change({ [path]: content }, { 'a.txt': 'a\n' }))).toMatchObject({ conclusion: 'success' });
  };
  it.each(OPEN)('at what %s leaves open, unless it was open before', leftOpen);
  itLong.each(ALSO_OPEN)('at what %s leaves open, unless it was open before', leftOpen);
});

describe('the audit of a lock that says where a package comes from', () => {
  /** Npm's own, as npm says it. */
  const REGISTRY = execFileSync('npm', ['config', 'get', 'registry'], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  })
    .trim()
    .replace(/\/$/, '');
  /** A lock of one package whose entry, or whose range, is other than npm would write it. */
  const lockOf = (entry: Record<string, unknown>, range = '1.0.0') => {
    const root = { name: 'x', version: '1.0.0', dependencies: { fine: range } };
    const packages = { '': root, 'node_modules/fine': { version: '1.0.0', ...entry } };
    return { 'package.json': JSON.stringify(root), 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) };
  };

  it.each([
    ['the registry', { resolved: `${REGISTRY}/fine/-/fine-1.0.0.tgz` }, '1.0.0'],
    ['it by another name', { name: '@a/b', resolved: `${REGISTRY}/@a/b/-/b-1.0.0.tgz` }, 'npm:@a/b@1.0.0'],
  ])('lets pass one that comes from %s', async (_name, entry, range) => {
    expect(await audit(await changes.change({}, lockOf(entry, range)))).toMatchObject({ conclusion: 'success' });
  });

  type Elsewhere = [name: string, entry: Record<string, unknown>, range: string, expected: string];
  const fromElsewhere = async (...[, entry, range, expected]: Elsewhere) => {
    const result = await audit(await changes.change({}, lockOf(entry, range)));
    expect(result).toMatchObject({ conclusion: 'failure', couldNotLook: true, title: expect.stringContaining(expected) });
  };
  it.each<Elsewhere>([
    ['another host', { resolved: 'https://127.0.0.1/fine/-/fine-1.0.0.tgz' }, '1.0.0', '127.0.0.1/fine'],
    ['a repository that its range names', {}, 'someone/fine', 'no version of a registry'],
  ])('could not look at one that comes from %s, whatever it is called', fromElsewhere);
  itLong.each<Elsewhere>([
    ['another package of the registry', { resolved: `${REGISTRY}/evil/-/evil-1.0.0.tgz` }, '1.0.0', 'evil-1.0.0.tgz'],
    ['another version than it says', { resolved: `${REGISTRY}/fine/-/fine-0.9.0.tgz` }, '1.0.0', 'fine-0.9.0.tgz'],
    ['a path that only ends well', { resolved: `${REGISTRY}/evil.tgz?/fine/-/fine-1.0.0.tgz` }, '1.0.0', 'evil.tgz'],
    ['an archive that its range names', {}, 'https://127.0.0.1/fine.tgz', 'no version of a registry'],
  ])('could not look at one that comes from %s, whatever it is called', fromElsewhere);
});

describe('a repository without dependencies', () => {
  it('is said to have none, and nobody is asked', async () => {
    const result = await audit(await changes.change({}, { 'strategies/a/strategy.ts': 'export {};\n' }, 'bot'));
    expect(result).toMatchObject({ conclusion: 'success', title: 'There is no dependency to look at' });
    expect(result.summary).toContain('no package.json');
    expect([...registry.asked, ...osv.asked]).toEqual([]);
  });
});

describe('exceptions', () => {
  const entry = { id: 'GHSA-aaaa-bbbb-cccc', package: 'left-lane', reason: 'We never read with it.', expiry: '2026-01-01' };
  const head = npm({ 'left-lane': '1.0.0' });

  it('hold until the end of their last day, for their package', async () => {
    const result = await audit(await changes.change({ ...npm({}), ...exceptions(entry) }, head));
    expect(result).toMatchObject({ conclusion: 'success', title: 'The change brings 1 package, with 1 excepted weakness' });
    expect(result.summary).toContain('We never read with it');
  });

  it.each([
    ['has expired', { ...entry, expiry: '2025-12-31' }, 'expired on 2025-12-31'],
    ['is for another package', { ...entry, package: 'other' }, 'take a version without it'],
    ['is for another advisory', { ...entry, id: 'GHSA-zzzz-zzzz-zzzz' }, 'take a version without it'],
  ])('that %s are none', async (_name, other, expected) => {
    const result = await audit(await changes.change({ ...npm({}), ...exceptions(other) }, head));
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining(expected) });
    expect(result.title).toContain('policies/advisories.yaml');
  });

  it('that the change brings itself are none yet', async () => {
    expect(await audit(await changes.change(npm({}), { ...head, ...exceptions(entry) }))).toMatchObject({
      conclusion: 'failure',
    });
  });

  it.each([
    ['does not parse', 'exceptions: ['],
    ['has a day that does not exist', JSON.stringify({ exceptions: [{ ...entry, expiry: '2026-02-30' }] })],
    ['has no expiry', JSON.stringify({ exceptions: [{ ...entry, expiry: undefined }] })],
    ['has no reason', JSON.stringify({ exceptions: [{ ...entry, reason: ' ' }] })],
    ['has a field too many', JSON.stringify({ exceptions: [{ ...entry, forever: true }] })],
  ])('in a file that %s are refused, on the base and when they come', async (_name, text) => {
    const broken = { 'policies/advisories.yaml': text };
    const onBase = await audit(await changes.change(broken, { 'a.txt': 'a\n' }));
    expect(onBase).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policies/advisories.yaml cannot be read'),
    });
    const coming = await audit(await changes.change({}, broken));
    expect(coming).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('policies/advisories.yaml cannot be read'),
    });
  });
});

describe.skipIf(!hasPipAudit)('the audit of Python, with pip-audit itself and OSV on loopback', () => {
  const hash = `--hash=sha256:${'0'.repeat(64)}`;

  it.each([
    ['requirements.txt', `fine==1.0 ${hash}\nsnake==1.0 \\\n    ${hash}\n`, 2],
    ['deep/dev-requirements.txt', `Snake[tail]==1.0 ; python_version < "3"  # old\n`, 1],
    ['poetry.lock', '[[package]]\nname = "fine"\nversion = "1.0"\n\n[[package]]\nname = "snake"\nversion = "1.0"\n', 5],
    ['uv.lock', 'version = 1\n\n[[package]]\nname = "snake"\nversion = "1.0"\nsource = { registry = "http://127.0.0.1" }\n', 3],
    ['pylock.toml', 'lock-version = "1.0"\n\n[[packages]]\nname = "snake"\nversion = "1.0"\n', 3],
    ['Pipfile.lock', '{\n  "default": {\n    "snake": { "version": "==1.0" }\n  }\n}\n', 3],
  ])('finds a known weakness in %s, at its line', async (path, content, line) => {
    const result = await audit(await changes.change({}, { [path]: content }));
    expect(result).toMatchObject({ conclusion: 'failure', title: expect.stringContaining('snake 1.0 has PYSEC-2025-1 (Bites)') });
    expect(result.annotations).toContainEqual(expect.objectContaining({ path, startLine: line, level: 'failure' }));
  });

  it('finds what pyproject.toml locks beside it, and that it does not lock what it asks for', async () => {
    const manifest = '[project]\ndependencies = ["snake>=1,<2", "fine"]\n';
    const both = { 'pyproject.toml': manifest, 'requirements.txt': `snake==1.0 ${hash}\n` };
    const result = await audit(await changes.change({}, both));
    expect(result.annotations.map(({ path, message }) => `${path} ${message}`)).toEqual([
      expect.stringContaining('requirements.txt snake 1.0 has PYSEC-2025-1'),
      expect.stringContaining('pyproject.toml It asks for fine, which requirements.txt does not lock'),
    ]);
    const late = { ...both, 'requirements.txt': 'snake==2.5\nfine==1.0\n' };
    expect(await audit(await changes.change({}, late))).toMatchObject({
      conclusion: 'failure',
      title: expect.stringContaining('It asks for snake >=1,<2, and requirements.txt has 2.5'),
    });
  });

  it('tells what the base had from what the change brings, at two versions of one package', async () => {
    const context = await changes.change({ 'requirements.txt': 'snake==1.0\n' }, { 'requirements.txt': 'snake==2.0\n' });
    const result = await audit(context);
    expect(result).toMatchObject({ conclusion: 'success', title: 'The change brings 1 package, none with a known weakness' });
    expect(result.summary).toMatch(/takes away[\s\S]*snake 1\.0/);
    expect(osv.asked.map((line) => JSON.parse(line.slice(line.indexOf('{'))).version).sort()).toEqual(['1.0', '2.0']);
  });

  it('takes an exception by an alias of the advisory', async () => {
    const entry = { id: 'CVE-2025-1111', reason: 'It has no teeth here.', expiry: '2026-12-31' };
    const context = await changes.change(exceptions(entry), { 'requirements.txt': 'snake==1.0\n' });
    expect(await audit(context)).toMatchObject({ conclusion: 'success' });
  });

  it.each([
    ['answers 500', { status: 500, body: '{}' }],
    ['answers rubbish', { status: 200, body: '<html>' }],
  ])('could not look when OSV %s', async (_name, reply) => {
    osv.answerWith(reply);
    const result = await audit(await changes.change({}, { 'requirements.txt': 'fine==1.0\n' }));
    expect(result).toMatchObject({
      conclusion: 'failure',
      couldNotLook: true,
      title: expect.stringMatching(
        /pip-audit wrote no report.*; nobody has looked at what requirements\.txt brings: run the gate/,
      ),
    });
  });

  it('could not look when pip-audit drops an advisory whose form it does not know', async () => {
    const result = await audit(await changes.change({}, { 'requirements.txt': 'future==1.0\n' }));
    expect(result).toMatchObject({ couldNotLook: true, title: expect.stringContaining('Unsupported OSV schema version') });
  });
});

describe('the audit of Python could not look', () => {
  const write = (json: string) => `while [ "$1" != --output ]; do shift; done; printf '%s' '${json}' > "$2"`;

  it.each([
    ['is not installed', null, 'it is not installed'],
    ['writes rubbish', write('No known vulnerabilities found'), 'wrote no JSON: No known vulnerabilities found'],
    ['writes nothing', 'exit 1', 'wrote no report'],
    ['leaves a package out', write('{"dependencies":[],"fixes":[]}'), 'says nothing of fine'],
    [
      'skips a package',
      write('{"dependencies":[{"name":"fine","skip_reason":"not found on PyPI"}]}'),
      'skipped fine: not found on PyPI',
    ],
  ])('when pip-audit %s', async (_name, script, expected) => {
    const pipAudit = script === null ? join(folder, 'nowhere') : scanner('pip-audit', script);
    const result = await audit(await changes.change({}, { 'requirements.txt': 'fine==1.0\n' }), { pipAudit });
    expect(result).toMatchObject({ conclusion: 'failure', couldNotLook: true, title: expect.stringContaining(expected) });
    expect(result.title).toMatch(/^Could not look: pip-audit/);
  });

  it.each([
    ['a comment', 'fine', '2.0 # 1.0'],
    ['a marker', 'fine', "1.0;python_version<'0'"],
    ['an option on a line of its own', 'fine', '1.0\\n--index-url http://127.0.0.1/'],
    ['another name', 'evil==1.0 #', '1.0'],
  ])('at a lock that would write %s into the list for pip-audit, which is not started', async (_name, name, version) => {
    const pipAudit = scanner('pip-audit', write('{"dependencies":[{"name":"fine","version":"2.0","vulns":[]}],"fixes":[]}'));
    const lock = `[[package]]\nname = "${name}"\nversion = "${version}"\n`;
    const result = await audit(await changes.change({}, { 'poetry.lock': lock }), { pipAudit });
    expect(result).toMatchObject({ couldNotLook: true, title: expect.stringContaining('which is no package at a version') });
  });
});
