import type { Exchange } from 'ccxt';

/** What ccxt must be told of an exchange before it is opened, whoever opens it. */
export const exchangeOptions = {
  kraken: {},
  binance: { fetchCurrencies: false, fetchMargins: false, fetchMarkets: { types: ['spot'] } },
  coinbase: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Points every address of an exchange at a stand-in that speaks its dialect, paths kept: ccxt goes on to production wherever
 * an override leaves one out. Websockets keep their scheme and go to the same host.
 * @param baseUrl `http://127.0.0.1:1234`
 */
export function pointAt(exchange: Exchange, baseUrl: string): void {
  exchange.urls = pointedAt(exchange.urls, baseUrl.replace(/\/$/, ''));
}

function pointedAt<T>(urls: T, base: string): T {
  if (typeof urls === 'string') {
    if (!/^(https?|wss?):/.test(urls)) return urls;
    const { pathname, protocol } = new URL(urls.replaceAll('{hostname}', 'exchange'));
    const origin = protocol.startsWith('ws') ? base.replace(/^http/, 'ws') : base;
    return (origin + (pathname === '/' ? '' : pathname)) as T & string;
  }
  if (Array.isArray(urls)) return urls.map((url) => pointedAt(url, base)) as T & unknown[];
  if (typeof urls !== 'object' || urls === null) return urls;
  return Object.fromEntries(Object.entries(urls).map(([key, url]) => [key, pointedAt(url, base)])) as T;
}
