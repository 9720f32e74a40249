import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Envelope, preAuthenticationEncoding, sign, verify } from '#engine/attestation/envelope.ts';
import {
  createKeyPair,
  keyId,
  keysDigest,
  loadPrivateKey,
  parsePublicKeys,
  publicKeyEntry,
  savePrivateKey,
  trustedKeys,
} from '#engine/attestation/keys.ts';
import { type Claim, createStatement, statementPath } from '#engine/attestation/statement.ts';

const dir = mkdtempSync(join(tmpdir(), 'ratchet-attestation-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const gate = createKeyPair();
const owner = createKeyPair();
const entries = [
  { id: gate.id, publicKey: gate.publicKey, purpose: 'gate' as const },
  { id: owner.id, publicKey: owner.publicKey, purpose: 'owner' as const },
];
const keys = trustedKeys({ keys: entries });
const tree = 'a'.repeat(40);
const policyTree = 'b'.repeat(40);
const gates: Claim = {
  kind: 'gates',
  strategy: 'ema-cross',
  head: '1'.repeat(40),
  base: '2'.repeat(40),
  gates: { backtest: 'success', policy: 'success' },
  evidence: `sha256:${'c'.repeat(64)}`,
};
const adopted: Claim = { kind: 'adopted', strategy: 'ema-cross', head: '1'.repeat(40), reason: 'the first incumbent' };
const statement = (claim: Claim = gates) =>
  createStatement({ claim, tree, policyTree, verifier: 'ratchet gate', timeVerified: 0 });

describe('a statement', () => {
  it('is believed when a trusted key signed it and it speaks of what is expected', () => {
    const result = verify(JSON.stringify(sign(statement(), gate.privateKey)), keys, { strategy: 'ema-cross', tree, policyTree });
    expect(result).toMatchObject({
      ok: true,
      keyId: gate.id,
      statement: { predicate: { ratchet: gates, timeVerified: '1970-01-01T00:00:00.000Z' } },
    });
    expect(verify(sign(statement(adopted), owner.privateKey), keys)).toMatchObject({ ok: true });
  });

  it('signs the same bytes every time', () => {
    expect(sign(statement(), gate.privateKey)).toEqual(sign(statement(), gate.privateKey));
  });

  it('is encoded as DSSE prescribes', () => {
    expect(preAuthenticationEncoding(Buffer.from('hello')).toString()).toBe('DSSEv1 28 application/vnd.in-toto+json 5 hello');
  });

  it('stands on the state branch under its tree', () => {
    expect(statementPath(tree)).toBe(`statements/${tree}.dsse.json`);
    expect(() => statementPath('../x')).toThrow();
  });

  it('cannot be made for a gate that did not succeed, or for none', () => {
    expect(() => statement({ ...gates, gates: { policy: 'failure' } } as unknown as Claim)).toThrow();
    expect(() => statement({ ...gates, gates: {} })).toThrow();
  });
});

describe('verification refuses', () => {
  const envelope = sign(statement(), gate.privateKey);
  const changed = (change: (text: string) => string): Envelope => ({
    ...envelope,
    payload: Buffer.from(change(Buffer.from(envelope.payload, 'base64').toString())).toString('base64'),
  });

  it.each<[string, unknown, Parameters<typeof verify>[2], string]>([
    ['one changed byte', changed((text) => text.replace('backtest', 'backtesT')), {}, 'bad-signature'],
    [
      'a tree put in its place',
      changed((text) => text.replaceAll(tree, 'd'.repeat(40))),
      { tree: 'd'.repeat(40) },
      'bad-signature',
    ],
    ['a stranger', sign(statement(), createKeyPair().privateKey), {}, 'unknown-key'],
    [
      'a stranger under a known name',
      { ...envelope, signatures: [{ keyid: owner.id, sig: envelope.signatures[0]!.sig }] },
      {},
      'bad-signature',
    ],
    ['gates vouched for by an owner key', sign(statement(), owner.privateKey), {}, 'wrong-purpose'],
    ['adoption by a gate key', sign(statement(adopted), gate.privateKey), {}, 'wrong-purpose'],
    ['a statement about another tree', envelope, { tree: 'e'.repeat(40) }, 'wrong-subject'],
    ['a statement about another strategy', envelope, { strategy: 'other' }, 'wrong-subject'],
    ['a statement under another policy', envelope, { policyTree: 'e'.repeat(40) }, 'wrong-policy'],
    ['text that is no JSON', '{', {}, 'malformed'],
    ['nothing', null, {}, 'malformed'],
    ['no signature', { ...envelope, signatures: [] }, {}, 'malformed'],
    ['a field too many', { ...envelope, extra: 1 }, {}, 'malformed'],
    ['another payload type', { ...envelope, payloadType: 'text/plain' }, {}, 'malformed'],
  ])('%s', (_name, value, expected, code) => {
    expect(verify(value, keys, expected)).toMatchObject({ ok: false, code });
  });

  const timed = (more: object) => trustedKeys({ keys: [{ ...entries[0]!, ...more }, entries[1]!] });
  const signedAt = (time: number) => ({
    envelope: sign(createStatement({ claim: gates, tree, policyTree, verifier: 'test', timeVerified: time }), gate.privateKey),
  });
  const noon = '2026-01-01T12:00:00Z';

  it.each([
    ['before its time', -1, { notBefore: noon }, 'counts only from 2026-01-01T12:00:00.000Z'],
    ['after its time', 1, { notAfter: noon }, 'counted only until 2026-01-01T12:00:00.000Z'],
  ])('what a key signed %s', (_name, offset, more, why) => {
    const { envelope: early } = signedAt(Date.parse(noon) + offset);
    expect(verify(early, timed(more))).toMatchObject({ ok: false, code: 'expired-key', message: expect.stringContaining(why) });
    const { envelope: sharp } = signedAt(Date.parse(noon));
    expect(verify(sharp, timed(more))).toMatchObject({ ok: true });
  });

  it('all that a revoked key ever signed, in a sentence that says why', () => {
    const revoked = { at: noon, reason: 'it was copied' };
    expect(verify(envelope, timed({ revoked }))).toMatchObject({
      ok: false,
      code: 'revoked-key',
      message: expect.stringMatching(/^Key sha256:.{16} was revoked: it was copied; nothing it signed counts\.$/),
    });
  });

  it('an envelope that was cut short, in one sentence', () => {
    const text = JSON.stringify(envelope);
    for (const length of [0, 1, 50, text.length - 1]) {
      const result = verify(text.slice(0, length), keys);
      expect(result).toMatchObject({ ok: false, code: 'malformed' });
      expect(result.ok ? '' : result.message).toMatch(/^The envelope is no JSON: .*\.$/);
    }
    const payload = { ...envelope, payload: envelope.payload.slice(0, 100) };
    expect(verify(payload, keys)).toMatchObject({ ok: false, code: 'bad-signature' });
  });

  it('what was signed as something else: the type is part of what a signature is about', () => {
    const payload = Buffer.from(envelope.payload, 'base64');
    const bare = signBytes(null, payload, gate.privateKey).toString('base64');
    const typed = preAuthenticationEncoding(payload).toString('latin1').replace('application/vnd.in-toto+json', 'text/plain');
    const other = signBytes(null, Buffer.from(typed, 'latin1'), gate.privateKey).toString('base64');
    for (const sig of [bare, other])
      expect(verify({ ...envelope, signatures: [{ keyid: gate.id, sig }] }, keys)).toMatchObject({ code: 'bad-signature' });
  });

  it('what only strangers and a revoked key signed, and not what a good key signed beside them', () => {
    const stranger = { keyid: `sha256:${'0'.repeat(64)}`, sig: envelope.signatures[0]!.sig };
    const second = createKeyPair();
    const both = [gate, second].map((pair) => publicKeyEntry(pair.privateKey, 'gate'));
    const revoked = { at: noon, reason: 'it was copied' };
    const some = trustedKeys({ keys: [{ ...both[0]!, revoked }, both[1]!] });
    const twice = {
      ...envelope,
      signatures: [stranger, ...envelope.signatures, ...sign(statement(), second.privateKey).signatures],
    };
    expect(verify(twice, some)).toMatchObject({ ok: true, keyId: second.id });
    expect(verify({ ...twice, signatures: twice.signatures.slice(0, 2) }, some)).toMatchObject({ code: 'revoked-key' });
    const swapped = twice.signatures.map(({ keyid }, index) => ({ keyid, sig: twice.signatures[(index + 1) % 3]!.sig }));
    expect(verify({ ...twice, signatures: swapped }, some)).toMatchObject({ code: 'bad-signature' });
  });

  it('everything when no key is trusted', () => {
    expect(verify(envelope, [])).toMatchObject({ ok: false, code: 'unknown-key' });
  });
});

describe('keys', () => {
  it('are saved for their owner alone, never over another, and refused when exposed', async () => {
    const path = join(dir, 'key.pem');
    await savePrivateKey(path, gate);
    expect(keyId(await loadPrivateKey(path))).toBe(gate.id);
    await expect(savePrivateKey(path, owner)).rejects.toThrow();
    chmodSync(path, 0o644);
    await expect(loadPrivateKey(path)).rejects.toMatchObject({ code: 'attestation/key-exposed' });
    await expect(loadPrivateKey(join(dir, 'absent.pem'))).rejects.toMatchObject({ code: 'attestation/no-key' });
  });

  it('of another kind, or rubbish, are refused', async () => {
    const path = join(dir, 'rsa.pem');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await expect(loadPrivateKey(path)).rejects.toMatchObject({ code: 'attestation/bad-key' });
    expect(publicKeyEntry(gate.privateKey, 'gate')).toEqual(entries[0]);
    const rubbish = join(dir, 'rubbish.pem');
    writeFileSync(rubbish, 'hello', { mode: 0o600 });
    await expect(loadPrivateKey(rubbish)).rejects.toMatchObject({ code: 'attestation/bad-key' });
  });

  it('are read from keys.yaml, where an id must be that of its key', () => {
    expect(parsePublicKeys(stringify({ keys: entries })).keys).toEqual(entries);
    const swapped = entries.map((entry) => ({ ...entry, id: entry.id === gate.id ? owner.id : gate.id }));
    expect(() => parsePublicKeys(stringify({ keys: swapped }))).toThrow(/not the id of the key/);
    expect(() => parsePublicKeys(stringify({ keys: [entries[0], entries[0]] }))).toThrow(/twice/);
    expect(() => parsePublicKeys('keys: [{id: 1}]')).toThrow(/keys.yaml/);
    expect(() => parsePublicKeys('keys: [')).toThrow(/keys.yaml/);
  });

  it('have one digest a set, whatever the order', () => {
    expect(keysDigest({ keys: [...entries].reverse() })).toBe(keysDigest({ keys: entries }));
    for (const change of [
      { purpose: 'owner' as const },
      { notAfter: '2026-01-01T00:00:00Z' },
      { notBefore: '2026-01-01T00:00:00Z' },
      { revoked: { at: '2026-01-01T00:00:00Z', reason: 'lost' } },
    ]) {
      expect(keysDigest({ keys: [{ ...entries[0]!, ...change }, entries[1]!] })).not.toBe(keysDigest({ keys: entries }));
    }
  });
});
