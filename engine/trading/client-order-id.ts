import { createHash } from 'node:crypto';
import type { OrderRole } from '#engine/store/journal/journal-rows.ts';

/** What an order follows from. The same intention has the same id, before a crash and after it. */
export interface Intention {
  /** As `Venue.account` names it. */
  readonly account: string;
  readonly strategy: string;
  readonly symbol: string;
  /** Market time of the decision, UTC milliseconds. */
  readonly instant: number;
  readonly role: OrderRole;
  /** Counts from 0: what is sent again for the same end is another order. */
  readonly attempt: number;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const PREFIX = 'r';
const LENGTH = 18;
const OURS = /^r[a-z2-7]{17}$/;

/** 18 characters that every venue takes: `r`, then 85 bits of a SHA-256 over the intention in base32 (RFC 4648). */
export function clientOrderId({ account, strategy, symbol, instant, role, attempt }: Intention): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([account, strategy, symbol, instant, role, attempt]))
    .digest();
  let id = PREFIX;
  let bits = 0;
  let value = 0;
  for (let index = 0; id.length < LENGTH; ) {
    if (bits < 5) {
      value = ((value << 8) | digest[index]!) & 0xfff;
      bits += 8;
      index += 1;
    }
    bits -= 5;
    id += ALPHABET[(value >> bits) & 31]!;
  }
  return id;
}

/** Whether an id looks like one that Ratchet gave. */
export function isOurs(id: string | null): id is string {
  return id !== null && OURS.test(id);
}
