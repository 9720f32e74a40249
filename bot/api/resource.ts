import { z } from 'zod';
import type { Look } from './record-source.ts';

/** Beside every answer. Times are UTC milliseconds. */
export const Meta = z.strictObject({
  asOf: z.int().nullable().describe('market time up to which the record goes; null before the first bar'),
  at: z.int().describe('wall-clock time of the answer'),
  inRunsUpTo: z
    .int()
    .nullable()
    .describe(
      'market time up to which bars may stand in runs of five minutes, an hour or a day; null where all stand one by one',
    ),
  next: z.string().nullable().describe('the cursor of the next page; null on the last one and where there are no pages'),
});
export type Meta = z.infer<typeof Meta>;

/** Every text a caller sends, before it is anything else. */
export const Whole = z
  .string()
  .regex(/^\d{1,15}$/, 'a whole number')
  .transform(Number)
  .pipe(z.int().min(0));
export const Name = z.string().min(1).max(100);

export const pageSize = { standard: 100, most: 500 } as const;

/** What may be asked of a list that grows; newest first. */
export const PageQuery = z.strictObject({
  limit: Whole.pipe(z.int().min(1).max(pageSize.most)).optional().describe(`rows of a page, ${pageSize.standard} if left out`),
  cursor: z.string().min(1).max(512).optional().describe('`meta.next` of the page before'),
  strategy: Name.optional().describe('only of this strategy'),
  symbol: Name.optional().describe('only of this symbol'),
  from: Whole.optional().describe('market time, UTC ms, included'),
  to: Whole.optional().describe('market time, UTC ms, included'),
});
export type PageQuery = z.infer<typeof PageQuery>;
export const NoQuery = z.strictObject({});

/** One address under `/v1/`. */
export interface Resource {
  readonly name: string;
  /** What it tells, one sentence. */
  readonly summary: string;
  readonly query: z.ZodObject;
  /** Of `data` in the answer. */
  readonly data: z.ZodType;
  /** @param query as its schema gives it; `before` is the last row of the page before */
  read(look: Look, query: Record<string, unknown>, before: number | null): Reading;
}

export interface Reading {
  readonly data: unknown;
  /** Where the next page begins; null where there is none. */
  readonly last?: number | null;
}

/** Ties the types of a resource's parts to each other. */
export function resource<Query extends z.ZodObject, Data extends z.ZodType>(parts: {
  readonly name: string;
  readonly summary: string;
  readonly query: Query;
  readonly data: Data;
  read(
    look: Look,
    query: z.output<Query>,
    before: number | null,
  ): { readonly data: z.input<Data>; readonly last?: number | null };
}): Resource {
  return parts as unknown as Resource;
}

/** A page of rows, and where the next begins. @param read gives as many rows as it is asked for, newest first */
export function pageOf<Row extends { readonly id: number }>(
  { limit = pageSize.standard, cursor: _, ...filters }: PageQuery,
  before: number | null,
  read: (page: Omit<PageQuery, 'limit' | 'cursor'> & { readonly before: number | null; readonly limit: number }) => Row[],
): { data: Row[]; last: number | null } {
  // One more than asked for tells whether there is another page.
  const rows = read({ ...filters, before, limit: limit + 1 });
  const data = rows.slice(0, limit);
  return { data, last: rows.length > limit ? data.at(-1)!.id : null };
}
