import { fetchableVenues } from '#engine/candles/open-venue.ts';
import { RatchetError } from '#engine/errors.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineOptions, FollowedMarket } from './options.ts';

const marketKey = 'market';

/** A record goes on with the market it began with: on another its positions and its market time would mean nothing. @throws RatchetError `engine/other-market` */
export function assertSameMarket(store: EngineStore, market: EngineOptions['market']): void {
  const asked = 'dataset' in market ? `${market.dataset.digest} from ${market.replayFrom}` : followed(market);
  const known = store.meta(marketKey);
  if (known === null) store.setMeta(marketKey, asked);
  else if (known !== asked) {
    throw new RatchetError(
      'engine/other-market',
      `This engine has traded on ${known}, and is asked to go on with ${asked}.`,
      'Give it the market it began with, or another folder.',
      { known, market: asked },
    );
  }
}

/** Whose bars a record was made of, as they closed; null where stored candles were played, or nothing was yet. */
export function followedExchange(
  record: Pick<EngineReader, 'meta'>,
): { readonly exchange: string; readonly isRehearsal: boolean } | null {
  const known = record.meta(marketKey);
  for (const exchange of fetchableVenues) {
    if (known === followed({ exchange })) return { exchange, isRehearsal: false };
    if (known === followed({ exchange, baseUrl: 'http://127.0.0.1' })) return { exchange, isRehearsal: true };
  }
  return null;
}

/** Markets may be added to those that are followed, and the base bars may change: the exchange may not. */
function followed({ exchange, baseUrl }: Pick<FollowedMarket, 'exchange' | 'baseUrl'>): string {
  return baseUrl === undefined ? `the bars of ${exchange} as they close` : `a rehearsal of ${exchange}`;
}
