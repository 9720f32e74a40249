import type { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';

/** Assets that Kraken has from before it dropped the letters X (coins) and Z (money): its id and its short name. */
const oldNames: Readonly<Record<string, readonly [id: string, altname: string]>> = {
  BTC: ['XXBT', 'XBT'],
  DOGE: ['XXDG', 'XDG'],
  ETH: ['XETH', 'ETH'],
  ETC: ['XETC', 'ETC'],
  LTC: ['XLTC', 'LTC'],
  XLM: ['XXLM', 'XLM'],
  XMR: ['XXMR', 'XMR'],
  XRP: ['XXRP', 'XRP'],
  ZEC: ['XZEC', 'ZEC'],
  AUD: ['ZAUD', 'AUD'],
  CAD: ['ZCAD', 'CAD'],
  EUR: ['ZEUR', 'EUR'],
  GBP: ['ZGBP', 'GBP'],
  JPY: ['ZJPY', 'JPY'],
  USD: ['ZUSD', 'USD'],
};

export function assetId(asset: string): string {
  return oldNames[asset]?.[0] ?? asset;
}

export function altname(asset: string): string {
  return oldNames[asset]?.[1] ?? asset;
}

export interface Pair {
  /** `XXBTZUSD`, but `ADAUSD`: two old names are written in full. */
  readonly id: string;
  /** `XBTUSD` */
  readonly altname: string;
  /** `XBT/USD`; the second websocket version says `BTC/USD`. */
  readonly wsname: string;
}

export function pairOf({ base, quote }: ListedMarket): Pair {
  const [shortBase, shortQuote] = [altname(base), altname(quote)];
  const isOld = oldNames[base] !== undefined && oldNames[quote] !== undefined;
  return {
    id: isOld ? assetId(base) + assetId(quote) : shortBase + shortQuote,
    altname: shortBase + shortQuote,
    wsname: `${shortBase}/${shortQuote}`,
  };
}

/** The market by any of its names. */
export function marketByName(exchange: Exchange, name: string): ListedMarket | null {
  return (
    exchange.markets().find((market) => {
      const pair = pairOf(market);
      return name === pair.id || name === pair.altname || name === pair.wsname || name === market.symbol;
    }) ?? null
  );
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `OAAAAA-AAAAA-AAAAAB`: an order (O) or a trade (T) by its number. */
export function idOf(kind: 'O' | 'T', number: number): string {
  let rest = number;
  let text = '';
  while (rest > 0) {
    text = letters[rest % 32]! + text;
    rest = Math.floor(rest / 32);
  }
  const all = kind + text.padStart(16, 'A');
  return `${all.slice(0, 6)}-${all.slice(6, 11)}-${all.slice(11)}`;
}

/** The other way; null for what is no such id. */
export function numberOf(kind: 'O' | 'T', id: string): number | null {
  const text = id.replaceAll('-', '');
  if (text.length !== 17 || !text.startsWith(kind)) return null;
  let number = 0;
  for (const letter of text.slice(1)) {
    const value = letters.indexOf(letter);
    if (value < 0) return null;
    number = number * 32 + value;
  }
  return number;
}
