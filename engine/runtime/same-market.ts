import { RatchetError } from '#engine/errors.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import type { EngineOptions } from './options.ts';

const marketKey = 'market';

/** A record goes on with the candles it began with: on others its positions and its market time would mean nothing. @throws RatchetError `engine/other-market` */
export function assertSameMarket(store: EngineStore, { dataset, replayFrom }: EngineOptions['market']): void {
  const market = `${dataset.digest} from ${replayFrom}`;
  const known = store.meta(marketKey);
  if (known === null) store.setMeta(marketKey, market);
  else if (known !== market) {
    throw new RatchetError(
      'engine/other-market',
      `This engine has traded on ${known}, and is asked to go on with ${market}.`,
      'Give it the market it began with, or another folder.',
      { known, market },
    );
  }
}
