import type { Exchange } from 'ccxt';
import { RatchetError } from '#engine/errors.ts';
import { exchangeOptions, pointAt } from './exchange-addresses.ts';

/** Exchanges candles can be fetched from. */
export const fetchableVenues = ['kraken', 'binance', 'coinbase'] as const;
export type FetchableVenue = (typeof fetchableVenues)[number];

export interface VenueTraits {
  /** Bars one request may bring. */
  readonly pageBars: number;
  /** Set where the exchange keeps only its newest bars, whatever is asked for. */
  readonly newestBarsOnly?: number;
  /** True where a request covers a fixed window, so that an empty answer does not mean the end. */
  readonly isWindowed: boolean;
}

export const venueTraits: Readonly<Record<FetchableVenue, VenueTraits>> = {
  kraken: { pageBars: 720, newestBarsOnly: 720, isWindowed: false },
  binance: { pageBars: 1000, isWindowed: false },
  coinbase: { pageBars: 300, isWindowed: true },
};

export interface OpenVenue {
  readonly name: FetchableVenue;
  readonly exchange: Exchange;
  /** True for errors that may be gone in a moment: timeouts, drops, rate limits, maintenance. */
  readonly isPassing: (error: unknown) => boolean;
}

export function isFetchableVenue(name: string): name is FetchableVenue {
  return (fetchableVenues as readonly string[]).includes(name);
}

/**
 * A public, keyless ccxt client. ccxt is large, so it is imported here, when an exchange is really asked for.
 * @param baseUrl a stand-in that speaks the exchange's dialect: every address of the exchange is pointed at it, because
 *   ccxt goes on to production wherever an override leaves one out.
 * @param kind `stream` for a client that can watch as well as ask
 */
export async function openVenue(name: string, baseUrl?: string, kind: 'answers' | 'stream' = 'answers'): Promise<OpenVenue> {
  if (!isFetchableVenue(name)) {
    throw new RatchetError(
      'candles/unknown-venue',
      `Candles cannot be fetched from "${name}".`,
      `Choose one of ${fetchableVenues.join(', ')}.`,
      { name },
    );
  }
  const ccxt = await import('ccxt');
  const client = kind === 'stream' ? ccxt.default.pro[name] : ccxt.default[name];
  const exchange: Exchange = new client({
    enableRateLimit: baseUrl === undefined,
    timeout: 20_000,
    options: exchangeOptions[name],
  });
  if (baseUrl !== undefined) pointAt(exchange, baseUrl);
  // Without it ccxt refuses websockets in the clear.
  if (baseUrl !== undefined && kind === 'stream') await exchange.loadHttpProxyAgent();
  return { name, exchange, isPassing: (error) => error instanceof ccxt.NetworkError || isTransportError(error) };
}

const transportCode = /^(UND_ERR_|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)/;

/** ccxt wraps what goes wrong before an answer begins; a connection lost while the body is read comes through bare. */
function isTransportError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && transportCode.test(error.code)) return true;
  if (error instanceof TypeError && error.message === 'terminated') return true;
  return isTransportError(error.cause);
}
