import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GateResult } from '#bot/evidence/gate-result.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { type AdvisoryServer, startNpmRegistry } from '#tests/support/advisory-servers.ts';
import { type Changes, createChanges } from '#tests/support/change.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('gate-command');
let changes: Changes;
let registry: AdvisoryServer;
let base: CommitHash;
let head: CommitHash;

beforeAll(async () => {
  changes = await createChanges();
  registry = await startNpmRegistry([
    { id: 'GHSA-aaaa-bbbb-cccc', package: 'left-lane', versions: ['1.0.0'], title: 'Runs \u001b[2Kwhat it reads' },
  ]);
  const root = { dependencies: { 'left-lane': '1.0.0' } };
  base = await changes.commit(null, { 'README.md': '# Here\n' });
  head = await changes.commit(base, {
    'package.json': JSON.stringify(root),
    'package-lock.json': JSON.stringify(
      { lockfileVersion: 3, requires: true, packages: { '': root, 'node_modules/left-lane': { version: '1.0.0' } } },
      null,
      1,
    ),
  });
});
afterAll(async () => {
  changes.close();
  folder.remove();
  await registry.close();
});

const gate = (name: string, ...more: readonly string[]) =>
  runRatchet('gate', name, '--base', base, '--head', head, '--repository', changes.dir, '--workspace', folder.path, ...more);

describe('ratchet gate audit', () => {
  it('asks the registry it is told to, exits 1 for what it finds, and writes it as SARIF', async () => {
    const sarif = join(folder.path, 'audit.sarif');
    const { code, stdout } = await gate('audit', '--npm-registry', registry.url, '--sarif', sarif, '--json');
    const [line, closing] = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(code).toBe(1);
    expect(GateResult.parse(line)).toMatchObject({ gate: 'audit', conclusion: 'failure' });
    // What a database says is shown, and moves no cursor.
    expect(line.title).toContain('left-lane 1.0.0 has GHSA-aaaa-bbbb-cccc (Runs [U+001B][2Kwhat it reads, high)');
    expect(closing).toMatchObject({ base, head, gates: { audit: 'failure' }, couldNotLook: [] });
    const [result] = JSON.parse(readFileSync(sarif, 'utf8')).runs[0].results;
    expect(result).toMatchObject({ ruleId: 'GHSA-aaaa-bbbb-cccc', baselineState: 'new', level: 'error' });
  });

  it('tells programs that it could not look, and tells SARIF as well', async () => {
    const sarif = join(folder.path, 'silent.sarif');
    const { code, stdout } = await gate('audit', '--npm-registry', 'http://127.0.0.1:1/', '--sarif', sarif, '--json');
    const [line, closing] = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(code).toBe(1);
    expect(line).toMatchObject({ couldNotLook: true, title: expect.stringMatching(/^Could not look: npm audit/) });
    expect(closing.couldNotLook).toEqual(['audit']);
    expect(JSON.parse(readFileSync(sarif, 'utf8')).runs[0].invocations[0].executionSuccessful).toBe(false);
  });

  it.each<[string, string[], string, number]>([
    ['an address that is none', ['audit', '--osv-url', 'file:///etc/passwd'], 'gates/address', 1],
    ['SARIF of another gate', ['docs', '--sarif', 'x.sarif'], 'gates/usage', 2],
    ['a gate that there is not', ['taste'], 'gates/usage', 2],
  ])('refuses %s', async (_name, [name, ...more], expected, status) => {
    const { code, stderr } = await ratchetHere(
      'gate',
      name!,
      '--base',
      base,
      '--head',
      head,
      '--repository',
      changes.dir,
      ...more,
    );
    expect(code).toBe(status);
    expect(stderr).toContain(expected);
  });
});
