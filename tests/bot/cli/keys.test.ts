import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseKeyChanges, whyNotFollowed } from '#engine/attestation/key-changes.ts';
import {
  createKeyPair,
  keyId,
  loadPrivateKey,
  type PublicKeys,
  parsePublicKeys,
  publicKeyEntry,
  savePrivateKey,
} from '#engine/attestation/keys.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('keys');
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);
const clone = at('clone');
const ownerKey = at('owner.pem');
const keysPath = join(clone, 'policies/keys.yaml');
const changesPath = join(clone, 'policies/keys.signed.json');
const signed = ['--clone', clone, '--owner-key', ownerKey];
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', clone, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { encoding: 'utf8' });

const keysInClone = (): PublicKeys => parsePublicKeys(readFileSync(keysPath, 'utf8'));
let first: PublicKeys;

beforeAll(async () => {
  mkdirSync(join(clone, 'policies'), { recursive: true });
  const gate = createKeyPair();
  const owner = createKeyPair();
  await savePrivateKey(ownerKey, owner);
  await savePrivateKey(at('gate.pem'), gate);
  first = { keys: [publicKeyEntry(gate.privateKey, 'gate'), publicKeyEntry(owner.privateKey, 'owner')] };
  writeFileSync(keysPath, `# Whose signatures the engine believes.\n${stringify(first)}`);
  git('init', '--quiet', '--initial-branch=main');
  git('add', '-A');
  git('commit', '--quiet', '-m', 'keys');
});

async function refusal(...args: string[]): Promise<string> {
  const before = readFileSync(keysPath, 'utf8');
  const { code, stdout, stderr } = await ratchetHere('keys', ...args);
  expect(code, stdout).not.toBe(0);
  expect(stdout).toBe('');
  expect(readFileSync(keysPath, 'utf8')).toBe(before);
  return stderr.trim();
}

describe('ratchet keys refuses', () => {
  it.each<[string, () => string[], RegExp]>([
    [
      'to write a private key into a repository',
      () => ['create', '--purpose', 'gate', '--out', join(clone, 'policies/gate.pem')],
      /inside the repository .*keys\/in-repository/,
    ],
    ['to write over a file', () => ['create', '--purpose', 'gate', '--out', ownerKey], /exists already.*keys\/exists/],
    [
      'a folder that is not there',
      () => ['create', '--purpose', 'gate', '--out', at('nowhere/gate.pem')],
      /cannot be written.*keys\/not-written/,
    ],
    [
      'to let anybody but an owner sign a change',
      () => ['rotate', '--out', at('never.pem'), '--clone', clone, '--owner-key', at('gate.pem')],
      /is no owner's key in policies\/keys.yaml/,
    ],
    [
      'to revoke the last owner',
      () => ['revoke', first.keys[1]!.id, '--reason', 'lost', ...signed],
      /last owner key that counts.*keys\/last-owner/,
    ],
    ['an id that names nothing', () => ['revoke', 'sha256:00ff', '--reason', 'lost', ...signed], /names no key.*keys\/unknown/],
    [
      'a clone that is none',
      () => ['rotate', '--out', at('never.pem'), '--clone', folder.path, '--owner-key', ownerKey],
      /no policies\/keys.yaml in .*keys\/no-clone/,
    ],
  ])('%s', async (_name, args, expected) => {
    expect(await refusal(...args())).toMatch(expected);
    expect(existsSync(at('never.pem'))).toBe(false);
  });

  it('an owner key that others may read', async () => {
    const exposed = at('exposed.pem');
    writeFileSync(exposed, readFileSync(ownerKey), { mode: 0o600 });
    chmodSync(exposed, 0o640);
    expect(await refusal('rotate', '--out', at('never.pem'), '--clone', clone, '--owner-key', exposed)).toMatch(
      /has mode 640: others can reach it.*attestation\/key-exposed/,
    );
    expect(existsSync(at('never.pem'))).toBe(false);
  });
});

describe('ratchet keys', () => {
  it('makes a key for its owner alone, and prints what policies/keys.yaml would hold', async () => {
    const { code, stdout } = await ratchetHere('keys', 'create', '--purpose', 'gate', '--out', at('new.pem'));
    expect(code).toBe(0);
    expect(statSync(at('new.pem')).mode & 0o777).toBe(0o600);
    const [entry] = parse(stdout);
    expect(parsePublicKeys(stringify({ keys: [entry] })).keys[0]).toMatchObject({
      id: keyId(await loadPrivateKey(at('new.pem'))),
      purpose: 'gate',
    });
  });

  it('enters a key, rotates one and revokes one, each a step that engines follow', async () => {
    const created = await ratchetHere(
      'keys',
      'create',
      '--purpose',
      'owner',
      '--out',
      at('owner-2.pem'),
      '--comment',
      'spare',
      ...signed,
    );
    expect(created).toMatchObject({ code: 0, stdout: expect.stringContaining('open a pull request') });
    const rotated = await ratchetHere('keys', 'rotate', '--out', at('gate-2.pem'), '--overlap-days', '3', ...signed, '--json');
    const { old, fresh } = JSON.parse(rotated.stdout);
    expect(old).toMatchObject({ id: first.keys[0]!.id, purpose: 'gate' });
    expect(fresh).toMatchObject({ id: keyId(await loadPrivateKey(at('gate-2.pem'))), purpose: 'gate' });
    expect(Date.parse(old.notAfter) - Date.parse(fresh.notBefore)).toBe(3 * 86_400_000);

    const byOther = ['--clone', clone, '--owner-key', at('owner-2.pem')];
    const ownerId = first.keys[1]!.id.slice('sha256:'.length, 'sha256:'.length + 12);
    const revoked = await ratchetHere('keys', 'revoke', ownerId, '--reason', 'it was in a backup', ...byOther);
    expect(revoked).toMatchObject({ code: 0, stdout: expect.stringContaining('is revoked') });

    const present = keysInClone();
    expect(present.keys.map(({ purpose }) => purpose)).toEqual(['gate', 'owner', 'owner', 'gate']);
    expect(present.keys[1]!.revoked?.reason).toBe('it was in a backup');
    expect(readFileSync(keysPath, 'utf8')).toMatch(/^# Whose signatures/);
    const changes = parseKeyChanges(readFileSync(changesPath, 'utf8'));
    expect(changes.changes).toHaveLength(3);
    expect(whyNotFollowed(first, present, changes)).toBeNull();
  });

  it('lists which count, and why others do not', async () => {
    git('add', '-A');
    git('commit', '--quiet', '-m', 'change keys');
    const { stdout } = await ratchetHere('keys', 'list', '--repository', clone);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^✔ sha256:\S+ gate: counts until 20/);
    expect(lines[1]).toMatch(/^✘ sha256:\S+ owner: was revoked: it was in a backup$/);
    expect(lines[2]).toMatch(/^✔ sha256:\S+ owner: counts \(spare\)$/);
    const before = await ratchetHere('keys', 'list', git('rev-parse', 'HEAD~1').trim(), '--repository', clone, '--json');
    expect(JSON.parse(before.stdout).map((key: { counts: boolean }) => key.counts)).toEqual([true, true]);
  });

  it('refuses to revoke twice, and to go on from steps that were cut short', async () => {
    const byOther = ['--clone', clone, '--owner-key', at('owner-2.pem')];
    expect(await refusal('revoke', first.keys[1]!.id, '--reason', 'again', ...byOther)).toContain('revoked already');
    writeFileSync(changesPath, readFileSync(changesPath, 'utf8').slice(0, 500));
    expect(await refusal('rotate', first.keys[0]!.id, '--out', at('never.pem'), ...byOther)).toContain(
      'policies/keys.signed.json does not parse',
    );
    expect(existsSync(at('never.pem'))).toBe(false);
  });
}, 120_000);
