import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { RatchetError } from '#engine/errors.ts';

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** RFC 8785 JSON: one value, one byte sequence. Refuses what JSON would lose in silence (NaN, infinities, undefined, Map, half a surrogate pair). */
export function canonicalJson(value: unknown): string {
  refuseLossy(value, '$');
  const text = canonicalize(value);
  if (text === undefined) throw lossy('$', 'undefined');
  return text;
}

export function digestOf(data: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Digest of the canonical JSON of `value`. */
export function digestOfJson(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}

function refuseLossy(value: unknown, path: string): void {
  switch (typeof value) {
    case 'boolean':
      return;
    case 'string':
      if (!value.isWellFormed()) throw lossy(path, 'a text with half a character in it');
      return;
    case 'number':
      if (!Number.isFinite(value)) throw lossy(path, String(value));
      return;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index += 1) refuseLossy(value[index], `${path}[${index}]`);
        return;
      }
      if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) {
        throw lossy(path, value.constructor?.name ?? 'an exotic object');
      }
      for (const [key, item] of Object.entries(value)) {
        if (!key.isWellFormed()) throw lossy(`${path}.${key.toWellFormed()}`, 'named with half a character');
        refuseLossy(item, `${path}.${key}`);
      }
      return;
    default:
      throw lossy(path, typeof value);
  }
}

function lossy(path: string, what: string): RatchetError {
  return new RatchetError('canonical/lossy', `${path} is ${what}, which JSON cannot hold.`, 'Use null where there is no value.', {
    path,
  });
}
