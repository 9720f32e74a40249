import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { Pace } from '#engine/runtime/options.ts';

/** Where the exchange of a rehearsal listens, whose dialect it speaks, and how fast its time runs. */
const RehearsalAddress = z.strictObject({
  exchange: z.enum(['kraken', 'binance']),
  baseUrl: z.url(),
  pace: Pace,
});
export type RehearsalAddress = z.infer<typeof RehearsalAddress>;

const addressIn = (root: string): string => join(root, 'rehearsal.json');
export const rehearsalKeyIn = (root: string): string => join(root, 'rehearsal-key.json');

/** Leaves address and key, which opens nothing else, where an engine of the same workspace finds them. */
export function noteRehearsal(
  root: string,
  address: RehearsalAddress,
  key: { readonly key: string; readonly secret: string },
): void {
  writeFileSync(rehearsalKeyIn(root), `${JSON.stringify(key)}\n`, { mode: 0o600 });
  writeFileSync(`${addressIn(root)}.new`, `${JSON.stringify(address)}\n`);
  renameSync(`${addressIn(root)}.new`, addressIn(root));
}

/** @throws RatchetError `engine/no-rehearsal` where none was started in this workspace */
export function rehearsalAt(root: string): RehearsalAddress {
  const path = addressIn(root);
  if (existsSync(path)) return RehearsalAddress.parse(JSON.parse(readFileSync(path, 'utf8')));
  throw new RatchetError(
    'engine/no-rehearsal',
    `No exchange to rehearse on was started in ${root}.`,
    'Run ratchet rehearsal in another terminal first.',
    { root },
  );
}
