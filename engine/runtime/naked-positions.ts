/** What is held without a stop that rests at the venue. */
interface Unprotected {
  readonly strategy: string;
  readonly symbol: string;
  readonly quantity: string;
}

/** A stop is on its way from the moment of a fill, and goes and comes again when it is replaced: so long that is no news. Milliseconds. */
const lastingMs = 10_000;

/** Remembers since when each position has had no stop at the venue. */
export class NakedPositions {
  /** By strategy and symbol. */
  #since: ReadonlyMap<string, number> = new Map();

  /**
   * Those that have had none for so long that a person should know; each with since when.
   * @param unprotected all that have none now
   * @param now UTC milliseconds
   */
  lasting(unprotected: readonly Unprotected[], now: number): readonly (Unprotected & { readonly since: number })[] {
    const dated = unprotected.map((one) => ({ ...one, since: this.#since.get(nameOf(one)) ?? now }));
    this.#since = new Map(dated.map((one) => [nameOf(one), one.since]));
    return dated.filter(({ since }) => now - since >= lastingMs);
  }
}

function nameOf({ strategy, symbol }: Unprotected): string {
  return `${strategy} ${symbol}`;
}
