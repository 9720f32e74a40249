import { z } from 'zod';

/** An amount in millionths of a currency's unit. A whole number: what is added up for months must not drift. */
export type Micros = number;

const DECIMALS = 6;
const UNIT = 1_000_000;

/** An amount as people write it, with at most six decimals, read digit by digit and not as a binary fraction. */
export const Amount = z.union([z.string(), z.number()]).transform((raw, context): Micros => {
  const match = /^(\d{1,7})(?:\.(\d{1,6}))?$/.exec(String(raw));
  if (match !== null) return Number(match[1]) * UNIT + Number((match[2] ?? '').padEnd(DECIMALS, '0'));
  context.issues.push({ code: 'custom', input: raw, message: 'it is an amount from 0, with six decimals at most' });
  return z.NEVER;
});

/** What a model costs, per million tokens of each kind. */
export const Price = z.strictObject({
  /** Read anew. */
  input: Amount,
  /** Written, thinking included. */
  output: Amount,
  /** Read anew and kept for the next call. */
  cacheWrite: Amount,
  /** Read out of what was kept. */
  cacheRead: Amount,
});
export type Price = z.infer<typeof Price>;

/** Tokens of one call by what they cost. */
export type TokensByKind = Readonly<Record<keyof Price, number>>;

/** Rounded up to the next millionth, once for the whole. */
export function priceOf(tokens: TokensByKind, price: Price): Micros {
  const parts = (['input', 'output', 'cacheWrite', 'cacheRead'] as const).map(
    (kind) => BigInt(tokens[kind]) * BigInt(price[kind]),
  );
  const whole = parts.reduce((sum, part) => sum + part, 0n);
  const million = BigInt(UNIT);
  return Number((whole + million - 1n) / million);
}

/** `12.50`, `0.003417`: two decimals, and more where there are more. */
export function money(amount: Micros): string {
  const units = Math.floor(amount / UNIT)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
  const decimals = (amount % UNIT)
    .toString()
    .padStart(DECIMALS, '0')
    .replace(/0{1,4}$/, '');
  return `${units}.${decimals}`;
}
