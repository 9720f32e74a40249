import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';

/** Where the exchange of a rehearsal listens, and whose dialect it speaks. */
const RehearsalAddress = z.strictObject({ exchange: z.enum(['kraken', 'binance']), baseUrl: z.url() });
export type RehearsalAddress = z.infer<typeof RehearsalAddress>;

const fileIn = (root: string): string => join(root, 'rehearsal.json');

/** Leaves the address where an engine of the same workspace finds it. */
export function noteRehearsal(root: string, address: RehearsalAddress): void {
  writeFileSync(fileIn(root), `${JSON.stringify(address)}\n`);
}

/** @throws RatchetError `engine/no-rehearsal` where none was started in this workspace */
export function rehearsalAt(root: string): RehearsalAddress {
  const path = fileIn(root);
  if (existsSync(path)) return RehearsalAddress.parse(JSON.parse(readFileSync(path, 'utf8')));
  throw new RatchetError(
    'engine/no-rehearsal',
    `No exchange to rehearse on was started in ${root}.`,
    'Run ratchet rehearsal in another terminal first.',
    { root },
  );
}
