import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Problem } from './problem.ts';

const lengthMax = 512;

/**
 * Where a reader goes on, as a text that means nothing to it. It holds for one list with one set of filters: `scope` is part of it.
 */
export function writeCursor(scope: string, at: unknown): string {
  return Buffer.from(JSON.stringify([digestOf(scope), at])).toString('base64url');
}

/** @throws Problem 400 for what was not made here, or for another list or other filters */
export function readCursor<At>(scope: string, text: string, schema: z.ZodType<At>): At {
  const parsed = z.tuple([z.literal(digestOf(scope)), schema]).safeParse(valueIn(text));
  if (!parsed.success) throw new Problem(400, 'bad-cursor', 'The cursor is not one of this list and these filters.');
  return parsed.data[1];
}

function valueIn(text: string): unknown {
  if (text.length > lengthMax || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function digestOf(scope: string): string {
  return createHash('sha256').update(scope).digest('base64url').slice(0, 12);
}
