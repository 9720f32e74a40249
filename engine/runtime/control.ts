import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import { leaveForEngine } from './leave-for-engine.ts';
import { enginePaths } from './options.ts';

/** The file on the state branch by which people and the bot hold the engine back. */
export const controlPath = 'control.json';

/**
 * How far the engine may act. Exits, protective orders and cancels pass in every mode.
 *
 * - `active`: trade.
 * - `paused`: no new entries. An entry order that was given before stands as it was given, and may still fill; strategies go on
 *   deciding and may exit.
 * - `reducing`: no entries, waiting entry orders are withdrawn, and every position is closed at the next open.
 * - `halted`: as `paused`, and waiting entry orders are withdrawn at once.
 * - `flattening`: as `reducing`, and what is held at a venue is sold now, not when the next bar has closed.
 *
 * None ends by itself: a person says `active` again.
 */
export const ControlMode = z.enum(['active', 'paused', 'reducing', 'halted', 'flattening']);
export type ControlMode = z.infer<typeof ControlMode>;

export const Control = z.strictObject({
  mode: ControlMode,
  by: z.string().min(1).max(200),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  reason: z.string().max(500),
});
export type Control = z.infer<typeof Control>;

export const initialControl: Control = {
  mode: 'active',
  by: 'ratchet',
  at: '1970-01-01T00:00:00.000Z',
  reason: 'no one has said otherwise',
};

/** Where the record keeps the order that is obeyed. */
export const controlKey = 'control';

/** The order obeyed last, as the record has it: it outlives its file, and the engine. */
export function obeyedControl(record: Pick<EngineReader, 'meta'>): Control {
  const said = record.meta(controlKey);
  return said === null ? initialControl : Control.parse(JSON.parse(said));
}

/** As long a reason as a strategy may give, and the words around it. */
const exitReasonLength = 200;

/**
 * What the record says of a position that an order to reduce has closed: one line without hidden characters, as every reason. An
 * order that has some is obeyed all the same.
 */
export function exitReasonOf({ mode, by, reason }: Control): string {
  const sentence = `the control says ${mode}, as ${by} asked${reason === '' ? '' : `: ${reason}`}`;
  return sentence.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ').slice(0, exitReasonLength);
}

export type ControlReading = { readonly ok: true; readonly control: Control } | { readonly ok: false; readonly message: string };

/**
 * What to obey now. An absent file leaves what was said last: a halt is lifted by saying so, not by losing a file. One that
 * cannot be read or does not parse leaves it too, and says so.
 */
export function readControl(text: Said, last: Control, name = controlPath): ControlReading {
  if (text === null) return { ok: true, control: last };
  if (typeof text !== 'string') {
    const remedy = `Let the user that the engine runs as read it, or give the order again`;
    return { ok: false, message: `${name} cannot be read (${text.unreadable}); the mode stays ${last.mode}. ${remedy}.` };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: `${name} is no JSON; the mode stays ${last.mode}.` };
  }
  const parsed = Control.safeParse(value);
  if (parsed.success) return { ok: true, control: parsed.data };
  return { ok: false, message: `${name} is wrong (${z.prettifyError(parsed.error)}); the mode stays ${last.mode}.` };
}

/** What a place says: a text to be read with `readControl`, null where it says nothing; or why nobody can tell. */
export type Said = string | null | { readonly unreadable: string };

/** What keeps a file from being read, and is not the disk's: it belongs to somebody else, or is no file. */
const unreadableCodes: readonly unknown[] = ['EACCES', 'EPERM', 'EISDIR', 'ELOOP'];

/** The order that was last given on the engine's own machine; null when none ever was. @throws what is wrong with the disk */
export function orderGivenHere(dir: string): Said {
  try {
    return readFileSync(enginePaths(dir).order, 'utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (error.code === 'ENOENT') return null;
    if (!unreadableCodes.includes(error.code)) throw error;
    return { unreadable: error.message };
  }
}

/** Gives an order on the engine's own machine: it is met within a second, whether or not anyone can be reached. */
export function giveOrderHere(dir: string, control: Control): void {
  leaveForEngine(enginePaths(dir).order, `${canonicalJson(control)}\n`);
}

const strictness: readonly ControlMode[] = ['active', 'paused', 'halted', 'reducing', 'flattening'];

/** Whether an order holds the engine back further than another. */
export function isStricter({ mode }: Control, than: Control): boolean {
  return strictness.indexOf(mode) > strictness.indexOf(than.mode);
}

/** Whether an order lets the engine do what another one, which was given later, keeps it from. */
export function isOvertaken(order: Control, by: Control): boolean {
  return isStricter(by, order) && Date.parse(order.at) < Date.parse(by.at);
}

/** Whether two orders are one and the same, word for word. */
export function isSameOrder(one: Control, other: Control): boolean {
  return canonicalJson(one) === canonicalJson(other);
}
