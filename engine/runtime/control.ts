import { z } from 'zod';

/** The file on the state branch by which people and the bot hold the engine back. */
export const controlPath = 'control.json';

/** `active`: trade. `reducing` and `halted`: no entries; exits, stops and cancels always pass. */
export const Control = z.strictObject({
  mode: z.enum(['active', 'reducing', 'halted']),
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

export type ControlReading = { readonly ok: true; readonly control: Control } | { readonly ok: false; readonly message: string };

/**
 * What to obey now. An absent file leaves what was said last: a halt is lifted by saying so, not by losing a file. One that
 * does not parse leaves it too, and says so.
 */
export function readControl(text: string | null, last: Control): ControlReading {
  if (text === null) return { ok: true, control: last };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, message: `${controlPath} is no JSON; the mode stays ${last.mode}.` };
  }
  const parsed = Control.safeParse(value);
  if (parsed.success) return { ok: true, control: parsed.data };
  return { ok: false, message: `${controlPath} is wrong (${z.prettifyError(parsed.error)}); the mode stays ${last.mode}.` };
}
