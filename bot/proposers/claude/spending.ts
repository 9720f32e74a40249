import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import type { Micros } from './money.ts';

/** What calls to models came to, by purpose, model and currency. */
export const Spending = z.strictObject({
  purpose: z.string(),
  model: z.string(),
  calls: z.int().positive(),
  /** Of a call that was killed, what it had taken. */
  tokens: z.int().min(0),
  /** Millionths of a unit; null when none of the calls had a price. */
  money: z.int().min(0).nullable(),
  /** Null for calls from before money was counted. */
  currency: z.string().nullable(),
});
export type Spending = Omit<z.infer<typeof Spending>, 'money'> & { readonly money: Micros | null };

/**
 * What models cost from one UTC day to another, both included, as the daily budget counted it. Reads only; empty where no model was ever
 * asked.
 * @param dir the bot's own folder, which holds the budget
 * @param from UTC day, `YYYY-MM-DD` @param to the same
 * @throws RatchetError `model/bad-spending` when the file is not a budget's
 */
export function spending(dir: string, from: string, to: string): readonly Spending[] {
  const path = join(dir, 'model.sqlite');
  if (!existsSync(path)) return [];
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return z.array(Spending).parse(db.prepare(hasMoney(db) ? WITH_MONEY : TOKENS_ONLY).all(from, to));
    } finally {
      db.close();
    }
  } catch (error) {
    throw new RatchetError(
      'model/bad-spending',
      `${path} does not say what models cost.`,
      'Nothing was changed. See that the file is a budget of this version, and may be read.',
      { path },
      error,
    );
  }
}

/** Money came later than tokens, and a reader does not migrate. */
function hasMoney(db: Database.Database): boolean {
  return z
    .array(z.looseObject({ name: z.string() }))
    .parse(db.pragma('table_info(calls)'))
    .some(({ name }) => name === 'currency');
}

const COUNTED = 'purpose, model, COUNT(*) AS calls, SUM(COALESCE(spent, reserved)) AS tokens';
const WITH_MONEY = `
  SELECT ${COUNTED}, SUM(COALESCE(spent_money, reserved_money)) AS money, currency
  FROM calls WHERE day BETWEEN ? AND ? GROUP BY purpose, model, currency ORDER BY purpose, model, currency`;
const TOKENS_ONLY = `
  SELECT ${COUNTED}, NULL AS money, NULL AS currency
  FROM calls WHERE day BETWEEN ? AND ? GROUP BY purpose, model ORDER BY purpose, model`;
