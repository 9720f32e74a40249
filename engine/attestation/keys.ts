import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { readSecretFile } from '#engine/secret-file.ts';
import { type Digest, digestOfJson } from './canonical.ts';

/** Where the public keys stand in the repository. */
export const KEYS_PATH = 'policies/keys.yaml';

/** What a key may vouch for: `gate` that the gates passed, `owner` that a person adopted a tree without evidence. */
export const KeyPurpose = z.enum(['gate', 'owner']);
export type KeyPurpose = z.infer<typeof KeyPurpose>;

/** UTC, as ISO 8601 writes it. */
const Instant = z.iso.datetime();

/** One entry of `policies/keys.yaml`. */
export const PublicKeyEntry = z.strictObject({
  /** `sha256:` of the key's SPKI bytes: see `keyId`. */
  id: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a key id is sha256: and 64 hexadecimal digits'),
  /** Ed25519, SPKI: base64 of the DER bytes, or PEM. */
  publicKey: z.string().min(1).max(1000),
  purpose: KeyPurpose,
  comment: z.string().max(200).optional(),
  /** What it signed before does not count; without it, everything from the beginning does. */
  notBefore: Instant.optional(),
  /** What it signed later does not count: the key was rotated out. What it signed until then stays good. */
  notAfter: Instant.optional(),
  /** Someone else may have had the key: nothing it ever signed counts, because whoever has it can write any date. */
  revoked: z.strictObject({ at: Instant, reason: z.string().min(1).max(300) }).optional(),
});
export type PublicKeyEntry = z.infer<typeof PublicKeyEntry>;

export const PublicKeys = z.strictObject({ keys: z.array(PublicKeyEntry).max(100) });
export type PublicKeys = z.infer<typeof PublicKeys>;

export interface TrustedKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly publicKey: KeyObject;
  /** UTC milliseconds, inclusive; open ends are infinite. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Why, when it was. */
  readonly revoked: string | null;
}

/** Names a key by its content: nobody can give a second key the same name. */
export function keyId(key: KeyObject): Digest {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return `sha256:${createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`;
}

export interface KeyPair {
  readonly id: Digest;
  readonly privateKey: KeyObject;
  /** Base64 of the SPKI bytes, as `policies/keys.yaml` holds it. */
  readonly publicKey: string;
  /** PKCS#8 PEM. Keep it out of every repository. */
  readonly privateKeyPem: string;
}

export function createKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    id: keyId(publicKey),
    privateKey,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Writes the private key for its owner alone; never over an existing file. */
export async function savePrivateKey(path: string, pair: KeyPair): Promise<void> {
  await writeFile(path, pair.privateKeyPem, { mode: 0o600, flag: 'wx' });
}

/** Reads a PEM private key. Throws when others may read the file (`attestation/key-exposed`) or it holds no Ed25519 key. */
export async function loadPrivateKey(path: string): Promise<KeyObject> {
  const pem = readSecretFile(path, {
    missing: {
      code: 'attestation/no-key',
      message: `The signing key ${path} cannot be read.`,
      remedy: 'Check the path, or create a key.',
    },
    exposed: {
      code: 'attestation/key-exposed',
      what: `The signing key ${path}`,
      remedy: 'replace the key when it may have been read',
    },
  });
  return ed25519(() => createPrivateKey(pem), path);
}

/** A private key's public half, as an entry of `policies/keys.yaml`. */
export function publicKeyEntry(privateKey: KeyObject, purpose: KeyPurpose): PublicKeyEntry {
  const publicKey = createPublicKey(privateKey);
  return { id: keyId(publicKey), publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), purpose };
}

/** Reads `policies/keys.yaml`. Throws `attestation/bad-keys` with the place in the file. */
export function parsePublicKeys(text: string): PublicKeys {
  try {
    const keys = PublicKeys.parse(parse(text));
    trustedKeys(keys);
    return keys;
  } catch (error) {
    if (error instanceof RatchetError) throw error;
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue === undefined ? String(error).split('\n')[0] : `${issue.path.join('.')}: ${issue.message}`;
    throw new RatchetError('attestation/bad-keys', `${KEYS_PATH} does not parse: ${why}.`, 'Correct the file.', {}, error);
  }
}

/** The keys ready for `verify`. Throws when an id is not that of its key, or stands twice. */
export function trustedKeys({ keys }: PublicKeys): readonly TrustedKey[] {
  const seen = new Set<string>();
  return keys.map((entry) => {
    const publicKey = readPublicKey(entry.publicKey, entry.id);
    if (keyId(publicKey) !== entry.id || seen.has(entry.id)) {
      throw new RatchetError(
        'attestation/bad-keys',
        `Key ${entry.id} ${seen.has(entry.id) ? 'stands twice' : 'is not the id of the key beside it'}.`,
        'Write each key once, with the id ratchet printed when it was made.',
        { id: entry.id },
      );
    }
    seen.add(entry.id);
    return {
      id: entry.id,
      purpose: entry.purpose,
      publicKey,
      notBefore: entry.notBefore === undefined ? Number.NEGATIVE_INFINITY : Date.parse(entry.notBefore),
      notAfter: entry.notAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.notAfter),
      revoked: entry.revoked?.reason ?? null,
    };
  });
}

/** One value for a whole set of keys, whatever its order and comments: a change of it means a change of trust. */
export function keysDigest({ keys }: PublicKeys): Digest {
  return digestOfJson(
    keys.map((key) => `${key.id} ${key.purpose} ${key.notBefore ?? ''} ${key.notAfter ?? ''} ${key.revoked?.at ?? ''}`).sort(),
  );
}

/** Null when the key may sign at that time, else why not, as half a sentence about the key. */
export function whyNotValid({ notBefore, notAfter, revoked }: TrustedKey, time: number): string | null {
  if (revoked !== null) return `was revoked: ${revoked}`;
  if (time < notBefore) return `counts only from ${new Date(notBefore).toISOString()}`;
  if (time > notAfter) return `counted only until ${new Date(notAfter).toISOString()}`;
  return null;
}

function readPublicKey(text: string, where: string): KeyObject {
  const isPem = text.includes('-----BEGIN');
  return ed25519(
    () => (isPem ? createPublicKey(text) : createPublicKey({ key: Buffer.from(text, 'base64'), type: 'spki', format: 'der' })),
    where,
  );
}

function ed25519(read: () => KeyObject, where: string): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw new RatchetError(
      'attestation/bad-key',
      `${where} holds no readable key.`,
      'Give an Ed25519 key made by ratchet.',
      { where },
      error,
    );
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new RatchetError(
      'attestation/bad-key',
      `${where} holds a ${key.asymmetricKeyType} key.`,
      'Give an Ed25519 key made by ratchet.',
      { where },
    );
  }
  return key;
}
