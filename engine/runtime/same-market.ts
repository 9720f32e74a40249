import { RatchetError } from '#engine/errors.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineOptions } from './options.ts';

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

/** Markets may be added to those that are followed, and the base bars may change: the exchange may not. */
function followed({ exchange, baseUrl }: Exclude<EngineOptions['market'], { dataset: unknown }>): string {
  return baseUrl === undefined ? `the bars of ${exchange} as they close` : `a rehearsal of ${exchange}`;
}
