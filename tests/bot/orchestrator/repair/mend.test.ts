import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditReport } from '#bot/gates/audit.ts';
import { mend, type RepairTools } from '#bot/orchestrator/repair/mend.ts';
import { weakIn, weaknessesOn } from '#bot/orchestrator/repair/weaknesses.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { type AdvisoryServer, hashOf, startNpmRegistry, startPythonIndex } from '#tests/support/advisory-servers.ts';
import { type Changes, createChanges, type Files } from '#tests/support/change.ts';
import { gateTools } from '#tests/support/gate-tools.ts';
import { runRatchet, temporaryFolder } from '#tests/support/ratchet-process.ts';
import { writeStandInPipAudit } from '#tests/support/stand-in-pip-audit.ts';

const author = { name: 'Ratchet', email: 'ratchet@localhost' };
const folder = temporaryFolder('mend');
let changes: Changes;
let registry: AdvisoryServer;
let index: AdvisoryServer;
let tools: RepairTools;

beforeAll(async () => {
  changes = await createChanges();
  const weakness = (name: string, ...versions: string[]) => {
    return { id: `GHSA-${name.slice(0, 4)}-bbbb-cccc`, package: name, versions, title: 'Believes its input' };
  };
  registry = await startNpmRegistry(
    [
      weakness('hats', '1.0.0'),
      weakness('coat', '1.0.0'),
      // Its first fix has another one, and its last has none.
      weakness('boot', '1.0.0'),
      { ...weakness('boot', '1.0.1'), id: 'GHSA-next-bbbb-cccc' },
      weakness('rope', '1.0.0'),
      weakness('peer', '1.0.0'),
      { ...weakness('worm', '1.0.0'), id: 'GHSA-worm-bbbb-cccc' },
      weakness('silk', '1.0.0'),
      weakness('hook', '1.0.0'),
    ],
    {
      hats: { '1.0.0': {}, '1.0.1': {}, '1.5.0': {} },
      coat: { '1.0.0': {}, '1.1.0': {} },
      wardrobe: { '1.0.0': { dependencies: { coat: '^1.0.0' } } },
      boot: { '1.0.0': {}, '1.0.1': {}, '1.0.2': {} },
      rope: { '1.0.0': {} },
      peer: { '1.0.0': {}, '2.0.0': {} },
      pair: { '1.0.0': { peerDependencies: { peer: '^1.0.0' } } },
      // Mended itself, it brings what is weak.
      silk: { '1.0.0': {}, '1.0.1': { dependencies: { worm: '1.0.0' } } },
      worm: { '1.0.0': {} },
      // Mended, it wants hats that nobody has.
      hook: { '1.0.0': {}, '1.0.1': { peerDependencies: { hats: '^9.0.0' } } },
    },
  );
  index = await startPythonIndex({
    snake: { '1.0': {}, '1.1': { yanked: true }, '1.2': { requires: ['egg>=2', 'basket; extra == "nice"'] }, '1.3': {} },
    egg: { '1.0': {}, '2.0': {} },
    nest: { '1.0': { requires: ['snake<1.3'] } },
  });
  tools = {
    clock: () => 0,
    audit: {
      ...gateTools.audit,
      npmRegistry: registry.url,
      pipAudit: writeStandInPipAudit(join(folder.path, 'pip-audit'), [
        { id: 'PYSEC-2025-1', package: 'snake', versions: ['1.0'], fixed: ['1.2'] },
      ]),
    },
    pypiUrl: index.url,
  };
});
afterEach(() => {
  registry.answerWith(null);
  index.answerWith(null);
});
afterAll(async () => {
  changes.close();
  folder.remove();
  await Promise.all([registry.close(), index.close()]);
});

/** A manifest and its lock as npm writes them. */
function npm(manifest: object, packages: Readonly<Record<string, object>>): Files {
  const root = { name: 'x', version: '1.0.0', ...manifest };
  const places = Object.entries(packages).map(([name, entry]) => [`node_modules/${name}`, entry]);
  const lock = {
    name: 'x',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, ...Object.fromEntries(places) },
  };
  return {
    'package.json': `${JSON.stringify({ ...root, scripts: { preinstall: 'exit 1' } }, null, 2)}\n`,
    'package-lock.json': `${JSON.stringify(lock, null, 2)}\n`,
  };
}

const options = () => ({ repository: changes.repository, author, tools });
async function mended(files: Files) {
  const main = await changes.commit(null, files);
  const weak = await weaknessesOn(main, changes.repository, tools);
  return { main, weak, ...(await mend(weak, main, options())) };
}
async function textAt(commit: CommitHash | null, path: string): Promise<string> {
  return Buffer.from((await changes.repository.readFile(commit!, path))!).toString();
}
const locked = async (commit: CommitHash | null, name: string) =>
  JSON.parse(await textAt(commit, 'package-lock.json')).packages[`node_modules/${name}`]?.version;

describe('what is weak on main', { timeout: 60_000 }, () => {
  it('moves to the smallest version without it, manifest and lock in step, written by npm and running nothing', async () => {
    const files = npm({ dependencies: { hats: '^1.0.0' } }, { hats: { version: '1.0.0' } });
    const { main, weak, commit, moves, unmended } = await mended(files);
    expect(weak).toMatchObject([{ name: 'hats', version: '1.0.0', advisories: [{ id: 'GHSA-hats-bbbb-cccc' }] }]);
    expect([moves.map(({ to }) => to), unmended]).toEqual([['1.0.1'], []]);
    expect(await locked(commit, 'hats')).toBe('1.0.1');
    expect(JSON.parse(await textAt(commit, 'package.json'))).toMatchObject({
      dependencies: { hats: '^1.0.1' },
      scripts: { preinstall: 'exit 1' },
    });
    expect(await textAt(commit, 'package-lock.json')).not.toContain('resolved');
    const { repository } = changes;
    const report = await auditReport({ repository, base: commit!, head: commit!, changes: [] }, tools);
    expect([weakIn(report), report.silences]).toEqual([[], []]);
    const touched = (await repository.diff(main, commit!)).map(({ path }) => path);
    expect(touched).toEqual(['package-lock.json', 'package.json']);
    expect((await mend(weak, main, options())).commit).toBe(commit);
  });

  it('moves what only comes along by an override, and stays off the newest', async () => {
    const packages = { wardrobe: { version: '1.0.0', dependencies: { coat: '^1.0.0' } }, coat: { version: '1.0.0' } };
    const { commit } = await mended(npm({ dependencies: { wardrobe: '1.0.0' } }, packages));
    expect(await locked(commit, 'coat')).toBe('1.1.0');
    expect(JSON.parse(await textAt(commit, 'package.json')).overrides).toEqual({ 'coat@1.0.0': '^1.1.0' });
  });

  it('passes over a fix that has another weakness', async () => {
    const { commit, moves } = await mended(npm({ dependencies: { boot: '1.0.0' } }, { boot: { version: '1.0.0' } }));
    expect(moves.map(({ to }) => to)).toEqual(['1.0.2']);
    expect(await locked(commit, 'boot')).toBe('1.0.2');
  });

  it('is mended whole or not at all: what cannot be is named, and the others move', async () => {
    const files = npm(
      { dependencies: { hats: '1.0.0', rope: '1.0.0' } },
      { hats: { version: '1.0.0' }, rope: { version: '1.0.0' } },
    );
    const { commit, unmended } = await mended(files);
    expect([await locked(commit, 'hats'), await locked(commit, 'rope')]).toEqual(['1.0.1', '1.0.0']);
    expect(unmended).toMatchObject([{ weak: { name: 'rope' }, reason: expect.stringContaining('no version after 1.0.0') }]);
  });

  it('goes beyond what others ask for where nothing else mends it, and says beyond whose', async () => {
    const packages = { pair: { version: '1.0.0', peerDependencies: { peer: '^1.0.0' } }, peer: { version: '1.0.0' } };
    const { commit, moves } = await mended(npm({ dependencies: { pair: '1.0.0', peer: '^1.0.0' } }, packages));
    expect(await locked(commit, 'peer')).toBe('2.0.0');
    expect(moves).toMatchObject([{ beyond: ['package.json asks for ^1.0.0', 'pair 1.0.0 asks for ^1.0.0'] }]);
  });

  it.each<[string, Files, RegExp]>([
    [
      'there is no fix',
      npm({ dependencies: { rope: '^1.0.0' } }, { rope: { version: '1.0.0' } }),
      /^no version after 1\.0\.0 is published without it$/,
    ],
    [
      'the only fix brings what is weak along',
      npm({ dependencies: { silk: '^1.0.0' } }, { silk: { version: '1.0.0' } }),
      /^with 1\.0\.1 package-lock\.json is refused: worm 1\.0\.0 has GHSA-worm-bbbb-cccc/,
    ],
    [
      'npm does not put it together',
      npm({ dependencies: { hook: '^1.0.0', hats: '1.5.0' } }, { hook: { version: '1.0.0' }, hats: { version: '1.5.0' } }),
      /^npm does not put it together: /,
    ],
  ])('stays with a reason where %s, and there is no commit', async (_name, files, reason) => {
    const { commit, unmended } = await mended(files);
    expect(commit).toBeNull();
    expect(unmended).toMatchObject([{ reason: expect.stringMatching(reason) }]);
  });
});

describe('what is weak in a list of requirements', () => {
  const list = (...lines: string[]): Files => ({ 'tools/requirements.txt': `${lines.join('\n')}\n` });
  const pin = (name: string, version: string) => `${name}==${version} \\\n    --hash=sha256:${hashOf(name, version)}`;

  it('moves to the version that the database names, with the hashes of the index', async () => {
    const { commit } = await mended(list(pin('snake', '1.0'), '    # via top', pin('egg', '2.0')));
    expect(await textAt(commit, 'tools/requirements.txt')).toBe(
      `${[pin('snake', '1.2'), '    # via top', pin('egg', '2.0')].join('\n')}\n`,
    );
  });

  it('passes over a version whose needs the list does not meet, and says so where there is no other', async () => {
    const { moves } = await mended(list(pin('snake', '1.0'), pin('egg', '1.0')));
    expect(moves.map(({ to }) => to)).toEqual(['1.3']);
    const { commit, unmended } = await mended(list(pin('snake', '1.0'), pin('nest', '1.0')));
    expect(commit).toBeNull();
    expect(unmended).toMatchObject([{ reason: 'nest 1.0 asks for snake<1.3' }]);
  });
});

describe('a registry that cannot be used', () => {
  const files = npm({ dependencies: { hats: '^1.0.0' } }, { hats: { version: '1.0.0' } });

  it.each<[string, { status: number; body: string }]>([
    ['refuses', { status: 503, body: '{}' }],
    ['answers rubbish', { status: 200, body: '<html>Welcome</html>' }],
  ])('ends it in one sentence when it %s, before and while it mends', async (_name, reply) => {
    const main = await changes.commit(null, files);
    const weak = await weaknessesOn(main, changes.repository, tools);
    registry.answerWith(reply);
    await expect(weaknessesOn(main, changes.repository, tools)).rejects.toMatchObject({
      code: 'repair/not-looked',
      message: expect.stringMatching(/^Nobody can say what is weak: npm audit [^\n]*\.$/),
    });
    await expect(mend(weak, main, options())).rejects.toMatchObject({
      code: 'repair/registry',
      message: expect.stringMatching(/^npm's registry gave no usable answer: [^\n]+\.$/),
    });
  });

  it('is told the same of an index of Python packages', async () => {
    const main = await changes.commit(null, { 'requirements.txt': 'snake==1.0\n' });
    const weak = await weaknessesOn(main, changes.repository, tools);
    for (const reply of [
      { status: 502, body: '{}' },
      { status: 200, body: 'rubbish' },
      { status: 200, body: '{"releases":7}' },
    ]) {
      index.answerWith(reply);
      const error = await mend(weak, main, options()).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(RatchetError);
      expect(error).toMatchObject({ code: 'repair/index', message: expect.stringMatching(/gave no usable answer: [^\n]+\.$/) });
    }
  });
});

describe('ratchet repair --dry-run', { timeout: 60_000 }, () => {
  const dry = (...more: string[]) =>
    runRatchet('repair', '--dry-run', '--clone', changes.dir, '--npm-registry', registry.url, '--pypi-url', index.url, ...more);

  it('says what it would bring, and pushes nothing', async () => {
    const main = await changes.commit(null, npm({ dependencies: { hats: '^1.0.0' } }, { hats: { version: '1.0.0' } }));
    await changes.setMain(main);
    const { code, stdout } = await dry();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Would bring this as repair\/[0-9a-f]{16}, audited as [0-9a-f]{12}:\npackage-lock\.json: hats 1\.0\.0 → 1\.0\.1\n/,
    );
    expect((await changes.repository.branches()).map(({ name }) => name)).toEqual(['main']);
  });

  it('needs no forge, and nothing else may go without one', async () => {
    expect(await runRatchet('repair', '--clone', changes.dir)).toMatchObject({ code: 2 });
    expect(await dry('--pypi-url', 'file:///etc/passwd')).toMatchObject({ code: 1 });
  });
});
