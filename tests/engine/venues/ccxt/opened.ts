import { Big } from 'big.js';
import { pino } from 'pino';
import type { TradableExchange } from '#engine/venues/ccxt/dialect.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import type { OrderRequest, Venue } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { type Answer, type Asked, StandIn } from './stand-in.ts';

/** Base64 as Kraken's secrets are, without what would make Coinbase's client take it for another kind of key. */
export const KEY = 'key0of0the0account';
export const SECRET = 'c2VjcmV0b2Z0aGVhY2NvdW50';

export interface Opened {
  readonly venue: Venue;
  readonly standIn: StandIn;
  /** Every line logged since. */
  readonly lines: string[];
  close(): Promise<void>;
}

/** A venue over a stand-in that answers as told. */
export async function opened(
  exchange: TradableExchange,
  answers: Record<string, (asked: Asked) => Answer>,
  timeoutMs = 5_000,
): Promise<Opened> {
  const standIn = await StandIn.start(answers);
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  try {
    const venue = await openCcxtVenue({ exchange, keys: new VenueKeys(KEY, SECRET), log, baseUrl: standIn.url, timeoutMs });
    const close = async () => {
      await venue.close();
      await standIn.stop();
    };
    return { venue, standIn, lines, close };
  } catch (error) {
    await standIn.stop();
    throw error;
  }
}

export function orderOf(request: Partial<OrderRequest> & Pick<OrderRequest, 'symbol'>): OrderRequest {
  const limitPrice = new Big(50_000);
  return {
    clientOrderId: 'r2abcdefghijklmnop',
    side: 'buy',
    kind: 'limit',
    quantity: new Big('0.01'),
    limitPrice,
    stopPrice: null,
    ...request,
  };
}

/** The VenueError of a call that fails. */
export async function failureOf(call: Promise<unknown>): Promise<VenueError> {
  const outcome = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof VenueError) return outcome;
  throw new Error('it did not fail as a venue does', { cause: outcome });
}
