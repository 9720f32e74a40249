import { describe, expect, it } from 'vitest';
import { type Envelope, signJson } from '#engine/attestation/envelope.ts';
import {
  type KeyChanges,
  NO_KEY_CHANGES,
  parseKeyChanges,
  signKeyChange,
  whyNotFollowed,
} from '#engine/attestation/key-changes.ts';
import {
  createKeyPair,
  KEYS_PATH,
  type KeyPair,
  keysDigest,
  type PublicKeyEntry,
  type PublicKeys,
} from '#engine/attestation/keys.ts';

const DAY_MS = 86_400_000;
const entry = (pair: KeyPair, purpose: 'gate' | 'owner', more: Partial<PublicKeyEntry> = {}): PublicKeyEntry => ({
  id: pair.id,
  publicKey: pair.publicKey,
  purpose,
  ...more,
});
const at = (time: number): string => new Date(time).toISOString();
const changesOf = (...changes: KeyChanges['changes']): KeyChanges => ({ ...NO_KEY_CHANGES, changes });

const gate = createKeyPair();
const nextGate = createKeyPair();
const owner = createKeyPair();
const nextOwner = createKeyPair();
const first: PublicKeys = { keys: [entry(gate, 'gate'), entry(owner, 'owner')] };
const second: PublicKeys = {
  keys: [entry(gate, 'gate', { notAfter: at(7 * DAY_MS) }), entry(owner, 'owner'), entry(nextGate, 'gate', { notBefore: at(0) })],
};
const third: PublicKeys = {
  keys: [...second.keys.slice(0, 1), entry(owner, 'owner', { notAfter: at(9 * DAY_MS) }), entry(nextOwner, 'owner')],
};
const step = signKeyChange(first, second, owner.privateKey, 0);

/** A step as someone signs it who does not ask whether he may. */
function stepFrom(before: PublicKeys, after: PublicKeys, pair: KeyPair): Envelope {
  const statement = JSON.parse(Buffer.from(step.payload, 'base64').toString());
  const predicate = { ...statement.predicate, previous: keysDigest(before), keys: after.keys };
  const subject = [{ name: KEYS_PATH, digest: { keys: keysDigest(after) } }];
  return signJson({ ...statement, subject, predicate }, pair.privateKey);
}

function altered(envelope: Envelope): Envelope {
  const text = Buffer.from(envelope.payload, 'base64').toString().replace('1970', '1971');
  return { ...envelope, payload: Buffer.from(text).toString('base64') };
}

describe('a change of keys', () => {
  it('is followed when an owner of the keys before has signed it', () => {
    expect(whyNotFollowed(first, second, changesOf(step))).toBeNull();
    expect(whyNotFollowed(first, first, NO_KEY_CHANGES)).toBeNull();
  });

  it('is followed over several steps at once, by an engine that was away', () => {
    const next = signKeyChange(second, third, owner.privateKey, DAY_MS);
    const last: PublicKeys = { keys: [...third.keys, entry(nextGate, 'gate')] };
    const byNewOwner = signKeyChange(third, last, nextOwner.privateKey, 20 * DAY_MS);
    expect(whyNotFollowed(first, last, changesOf(step, next, byNewOwner))).toBeNull();
    expect(whyNotFollowed(first, last, changesOf(byNewOwner, next, step))).toBeNull();
    expect(whyNotFollowed(first, last, changesOf(step, byNewOwner))).toContain('keys.signed.json');
  });

  const stranger = createKeyPair();
  const withOwnerRevoked: PublicKeys = {
    keys: [entry(gate, 'gate'), entry(owner, 'owner', { revoked: { at: at(0), reason: 'the laptop was stolen' } })],
  };
  it.each<[string, PublicKeys, PublicKeys, KeyChanges]>([
    ['nobody signed', first, second, NO_KEY_CHANGES],
    ['leads to other keys than those signed', first, third, changesOf(step)],
    ['starts from other keys', third, second, changesOf(step)],
    ['leads back to keys that were left', second, first, changesOf(step)],
    ['has one byte altered', first, second, changesOf(altered(step))],
    [
      'was signed by a stranger who calls himself owner',
      first,
      second,
      changesOf(signKeyChange({ keys: [...first.keys, entry(stranger, 'owner')] }, second, stranger.privateKey, 0)),
    ],
    ['was signed by an owner who is revoked', withOwnerRevoked, second, changesOf(stepFrom(withOwnerRevoked, second, owner))],
    ['was signed by a gate key', first, second, changesOf(stepFrom(first, second, gate))],
  ])('is not followed when it %s', (_name, trusted, wanted, changes) => {
    expect(whyNotFollowed(trusted, wanted, changes)).toContain('no owner');
  });

  it.each<[string, PublicKeys, KeyPair, number, string]>([
    ['a gate key', first, gate, 0, "no owner's key"],
    ['an unknown key', first, createKeyPair(), 0, "no owner's key"],
    ['an owner key past its time', third, owner, 10 * DAY_MS, 'counted only until'],
    ['a revoked owner key', withOwnerRevoked, owner, 0, 'was revoked: the laptop was stolen'],
  ])('cannot be signed by %s', (_name, before, pair, time, why) => {
    expect(() => signKeyChange(before, second, pair.privateKey, time)).toThrow(why);
  });

  it('is not signed when the keys it leads to are no keys', () => {
    const swapped: PublicKeys = { keys: [entry({ ...gate, id: nextGate.id }, 'gate')] };
    expect(() => signKeyChange(first, swapped, owner.privateKey, 0)).toThrow('not the id of the key');
  });

  it('that was cut short in the file is one clear error', () => {
    const text = JSON.stringify(changesOf(step));
    expect(parseKeyChanges(text)).toEqual(changesOf(step));
    expect(() => parseKeyChanges(text.slice(0, 200))).toThrow('policies/keys.signed.json does not parse: it is no JSON.');
    expect(() => parseKeyChanges('{"schema":"ratchet/key-changes/1"}')).toThrow('changes');
  });
});
