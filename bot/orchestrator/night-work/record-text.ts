import type { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';

/** Where a night's records stand in its worktree. */
export const RECORDS = '.ratchet';

export function toText(record: unknown): Uint8Array {
  return Buffer.from(`${canonicalJson(record)}\n`);
}

/**
 * A committed record.
 * @throws RatchetError `night/work-record`, naming the file: what was paid for is not thrown away without a word
 */
export function readRecord<T>(
  text: string | null,
  schema: z.ZodType<T>,
  { dir, path }: { readonly dir: string; readonly path: string },
): T {
  if (text === null) throw unfit(dir, path, 'it is not there');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unfit(dir, path, error instanceof Error ? error.message : String(error));
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unfit(dir, path, `${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}

function unfit(dir: string, path: string, why: string): RatchetError {
  return new RatchetError(
    'night/work-record',
    `${path} in ${dir} does not fit: ${why}.`,
    'Go on with the version of Ratchet that wrote it, or take the night away with `ratchet worktrees remove <cycle> --force` to have it done anew.',
    { dir, path },
  );
}
