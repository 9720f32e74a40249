import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { Envelope, openEnvelope, signJson } from './envelope.ts';
import { KEYS_PATH, keyId, keysDigest, PublicKeyEntry, type PublicKeys, trustedKeys, whyNotValid } from './keys.ts';
import { statementType } from './statement.ts';

/** Beside the keys: every change of them, signed by an owner of the keys before. */
export const KEY_CHANGES_PATH = 'policies/keys.signed.json';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const KeyChanges = z.strictObject({
  schema: z.literal('ratchet/key-changes/1'),
  /** Oldest first; each goes on from the set of keys before it. */
  changes: z.array(Envelope).max(1_000),
});
export type KeyChanges = z.infer<typeof KeyChanges>;

export const NO_KEY_CHANGES: KeyChanges = { schema: 'ratchet/key-changes/1', changes: [] };

const predicateType = 'urn:ratchet:key-change:v1';

/** An in-toto statement (v1): from these keys the owner goes to those. It carries them, so that one may follow step by step. */
const KeyChange = z.strictObject({
  _type: z.literal(statementType),
  subject: z.array(z.strictObject({ name: z.literal(KEYS_PATH), digest: z.strictObject({ keys: Digest }) })).length(1),
  predicateType: z.literal(predicateType),
  predicate: z.strictObject({
    /** `keysDigest` of the set before. */
    previous: Digest,
    keys: z.array(PublicKeyEntry).min(1).max(100),
    at: z.iso.datetime(),
  }),
});

/**
 * Signs the step from one set of keys to the next.
 * @param at UTC milliseconds
 * @throws RatchetError `attestation/not-owner` when the key may not say whose signatures count
 */
export function signKeyChange(before: PublicKeys, after: PublicKeys, ownerKey: KeyObject, at: number): Envelope {
  trustedKeys(after);
  const id = keyId(ownerKey);
  const owner = trustedKeys(before).find((key) => key.id === id && key.purpose === 'owner');
  const why = owner === undefined ? `is no owner's key in ${KEYS_PATH}` : whyNotValid(owner, at);
  if (why !== null) {
    throw new RatchetError(
      'attestation/not-owner',
      `Key ${id.slice(0, 23)} ${why}, so it cannot say whose signatures count.`,
      'Give an owner key that is good there; nothing was changed.',
      { id },
    );
  }
  return signJson(
    KeyChange.parse({
      _type: statementType,
      subject: [{ name: KEYS_PATH, digest: { keys: keysDigest(after) } }],
      predicateType,
      predicate: { previous: keysDigest(before), keys: after.keys, at: new Date(at).toISOString() },
    }),
    ownerKey,
  );
}

/**
 * Whether an owner leads from the keys that are trusted to those that are asked for, in signed steps. A set that was left
 * behind is not come back to: no step leads there.
 * @returns null, or why not, one clause
 */
export function whyNotFollowed(trusted: PublicKeys, wanted: PublicKeys, { changes }: KeyChanges): string | null {
  const goal = keysDigest(wanted);
  let present = trusted;
  for (let step = 0; step <= changes.length; step += 1) {
    if (keysDigest(present) === goal) return null;
    const next = nextAfter(present, changes);
    if (next === null) break;
    present = next;
  }
  return `no owner's key that counts has signed the way to it in ${KEY_CHANGES_PATH}`;
}

function nextAfter(present: PublicKeys, changes: readonly Envelope[]): PublicKeys | null {
  const keys = trustedKeys(present);
  const from = keysDigest(present);
  for (const envelope of changes) {
    const opened = openEnvelope(envelope, keys);
    if (!opened.ok || opened.signer.purpose !== 'owner') continue;
    const change = KeyChange.safeParse(opened.payload);
    if (!change.success || change.data.predicate.previous !== from) continue;
    const { predicate, subject } = change.data;
    if (whyNotValid(opened.signer, Date.parse(predicate.at)) !== null) continue;
    const next: PublicKeys = { keys: predicate.keys };
    if (keysDigest(next) === subject[0]!.digest.keys) return next;
  }
  return null;
}

/** @throws RatchetError `attestation/bad-keys` with the place in the file */
export function parseKeyChanges(text: string): KeyChanges {
  try {
    return KeyChanges.parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue === undefined ? 'it is no JSON' : `${issue.path.join('.')}: ${issue.message}`;
    throw new RatchetError(
      'attestation/bad-keys',
      `${KEY_CHANGES_PATH} does not parse: ${why}.`,
      'Take it as it was before from main, and change keys with ratchet keys only.',
      {},
      error,
    );
  }
}
