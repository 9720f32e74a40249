// Bundled into the strategy realm: no Node imports here.

/** What a market `BASE/QUOTE` is paid for in. */
export function quoteOf(symbol: string): string {
  return symbol.slice(symbol.indexOf('/') + 1);
}

/**
 * Why these markets cannot share one pool of money, a clause without its full stop; null where they can.
 * @param account the quote asset of the account they would share; null for that of the first of them
 */
export function quoteProblem(symbols: readonly string[], account: string | null = null): string | null {
  const [first] = symbols;
  if (first === undefined) return null;
  const quote = account ?? quoteOf(first);
  const other = symbols.find((symbol) => quoteOf(symbol) !== quote);
  if (other === undefined) return null;
  const place = account === null ? first : 'the account';
  return `${other} is paid for in ${quoteOf(other)} and ${place} in ${quote}, and money and its limits are one number, in one quote asset`;
}
