import { type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import { type KeyPurpose, keyId, type TrustedKey, whyNotValid } from './keys.ts';
import { Statement } from './statement.ts';

const payloadType = 'application/vnd.in-toto+json';
const Base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, 'base64');

/** DSSE v1.0: https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
export const Envelope = z.strictObject({
  payloadType: z.literal(payloadType),
  payload: Base64.max(1_000_000),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(100), sig: Base64.max(200) }))
    .min(1)
    .max(10),
});
export type Envelope = z.infer<typeof Envelope>;

/** Signs the canonical JSON of the statement with an Ed25519 key. */
export function sign(statement: Statement, privateKey: KeyObject): Envelope {
  return signJson(Statement.parse(statement), privateKey);
}

/** Signs the canonical JSON of a value that its caller has checked. */
export function signJson(value: unknown, privateKey: KeyObject): Envelope {
  const payload = Buffer.from(canonicalJson(value), 'utf8');
  const signature = signBytes(null, preAuthenticationEncoding(payload), privateKey);
  return {
    payloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId(privateKey), sig: signature.toString('base64') }],
  };
}

export type VerificationFailure =
  | 'malformed'
  | 'unknown-key'
  | 'bad-signature'
  | 'revoked-key'
  | 'expired-key'
  | 'wrong-purpose'
  | 'wrong-subject'
  | 'wrong-policy';

export type Verification =
  | { readonly ok: true; readonly statement: Statement; readonly keyId: string }
  | { readonly ok: false; readonly code: VerificationFailure; readonly message: string };

/** What the statement must be about; what is left out is not asked for. */
export interface Expectation {
  readonly strategy?: string;
  readonly tree?: string;
  readonly policyTree?: string;
}

/** Which key may say what. */
const purposeOf: Readonly<Record<'gates' | 'adopted', KeyPurpose>> = { gates: 'gate', adopted: 'owner' };

/** What a trusted key has signed, and which; nothing is said yet about what it is. */
export type Opened =
  | { readonly ok: true; readonly payload: unknown; readonly signer: TrustedKey }
  | { readonly ok: false; readonly code: VerificationFailure; readonly message: string };

/** Reads an envelope (its JSON text or the parsed value) and believes that one of the keys signed these very bytes. */
export function openEnvelope(envelope: unknown, keys: readonly TrustedKey[]): Opened {
  const value = typeof envelope === 'string' ? parseJson(envelope) : envelope;
  if (value === undefined) return failure('malformed', 'The envelope is no JSON: it was cut short, or overwritten.');
  const parsed = Envelope.safeParse(value);
  if (!parsed.success) return failure('malformed', `The envelope is malformed: ${firstIssue(parsed.error)}.`);
  const payload = Buffer.from(parsed.data.payload, 'base64');
  const signer = findSigner(parsed.data, payload, keys);
  if (signer === 'unknown-key') return failure(signer, unknownKey(parsed.data));
  if (signer === 'bad-signature') return failure(signer, 'The signature does not fit what it stands under: either was altered.');
  if (signer.revoked !== null) {
    return failure('revoked-key', `Key ${short(signer.id)} ${whyNotValid(signer, Number.NaN)}; nothing it signed counts.`);
  }
  return { ok: true, payload: parseJson(payload.toString('utf8')), signer };
}

/**
 * Reads an envelope and believes its statement only when one of the trusted keys, made for this kind of claim, signed these
 * very bytes while the key was good, and they speak of what is expected.
 */
export function verify(envelope: unknown, keys: readonly TrustedKey[], expected: Expectation = {}): Verification {
  const opened = openEnvelope(envelope, keys);
  if (!opened.ok) return opened;
  const { signer } = opened;
  const statement = Statement.safeParse(opened.payload);
  if (!statement.success) return failure('malformed', `The signed statement is malformed: ${firstIssue(statement.error)}.`);
  const { subject, predicate } = statement.data;
  const { kind, strategy } = predicate.ratchet;
  if (signer.purpose !== purposeOf[kind]) {
    return failure('wrong-purpose', `A key for '${signer.purpose}' signed a claim of kind '${kind}'.`);
  }
  const why = whyNotValid(signer, Date.parse(predicate.timeVerified));
  if (why !== null) {
    return failure('expired-key', `Key ${short(signer.id)} ${why}, and the statement is of ${predicate.timeVerified}.`);
  }
  const tree = subject[0]!.digest.gitTree;
  if (expected.strategy !== undefined && strategy !== expected.strategy) {
    return failure('wrong-subject', `The statement is about strategy ${strategy}, not ${expected.strategy}.`);
  }
  if (expected.tree !== undefined && tree !== expected.tree) {
    return failure('wrong-subject', `The statement is about tree ${tree}, not ${expected.tree}.`);
  }
  const policyTree = predicate.policy.digest.gitTree;
  if (expected.policyTree !== undefined && policyTree !== expected.policyTree) {
    return failure('wrong-policy', `The statement was made under policy ${policyTree}, not ${expected.policyTree}.`);
  }
  return { ok: true, statement: statement.data, keyId: signer.id };
}

/** DSSE's PAE: what is signed names its type and its lengths, so that no two messages share bytes. */
export function preAuthenticationEncoding(payload: Uint8Array): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(header, 'utf8'), payload]);
}

function findSigner(
  envelope: Envelope,
  payload: Buffer,
  keys: readonly TrustedKey[],
): TrustedKey | 'unknown-key' | 'bad-signature' {
  const message = preAuthenticationEncoding(payload);
  let isKnown = false;
  let revoked: TrustedKey | null = null;
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.find(({ id }) => id === keyid);
    if (key === undefined) continue;
    isKnown = true;
    if (!verifyBytes(null, message, key.publicKey, Buffer.from(sig, 'base64'))) continue;
    if (key.revoked === null) return key;
    revoked = key;
  }
  if (revoked !== null) return revoked;
  return isKnown ? 'bad-signature' : 'unknown-key';
}

function unknownKey(envelope: Envelope): string {
  return `No trusted key signed this: ${envelope.signatures.map(({ keyid }) => short(keyid)).join(', ')}.`;
}

function short(id: string): string {
  return id.slice(0, 23);
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'the whole'}: ${issue?.message}`;
}

function failure(code: VerificationFailure, message: string): { ok: false; code: VerificationFailure; message: string } {
  return { ok: false, code, message };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema then says what is wrong with it: it is no object.
    return undefined;
  }
}
