import { join } from 'node:path';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';
import type { Clock } from '#engine/clock.ts';
import { openCcxtMarketData } from '#engine/feeds/ccxt-market-data.ts';
import type { Feed } from '#engine/feeds/feed.ts';
import { usualSettings } from '#engine/feeds/feed-settings.ts';
import { LiveFeed } from '#engine/feeds/live-feed.ts';
import { ReplayFeed, storedSeries } from '#engine/feeds/replay-feed.ts';
import type { Logger } from '#engine/log.ts';
import type { EngineOptions } from './options.ts';
import { paceOf, patienceMs } from './patience.ts';

export interface OpenedFeed {
  readonly feed: Feed;
  /** Market time before its first instant. */
  readonly begin: number;
}

export interface FeedSurroundings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Close of the last instant that was taken in; null before the first. */
  readonly takenUntil: number | null;
}

/** What happened in a rehearsal stays there: its bars are never taken for those of the exchange. */
export function rehearsalCandlesIn(candlesDir: string): string {
  return join(candlesDir, 'rehearsal');
}

/**
 * Stored bars to be played, or an exchange's as they close. An exchange that does not answer is no reason not to open: the feed's health
 * says so, and it goes on trying.
 * @throws RatchetError `candles/…`
 */
export async function openFeed(
  { market, candlesDir }: Pick<EngineOptions, 'market' | 'candlesDir'>,
  { clock, log, takenUntil }: FeedSurroundings,
): Promise<OpenedFeed> {
  if ('dataset' in market) {
    const candles = CandleStore.openExisting(candlesDir);
    const { dataset, replayFrom } = market;
    const feed = new ReplayFeed(storedSeries(dataset, loadDataset(candles, dataset)), replayFrom);
    candles.close();
    feed.seek(takenUntil);
    return { feed, begin: takenUntil ?? replayFrom };
  }
  const { exchange, baseUrl, symbols, timeframe } = market;
  const store = CandleStore.open(baseUrl === undefined ? candlesDir : rehearsalCandlesIn(candlesDir));
  const data = await openCcxtMarketData({ exchange, clock, baseUrl });
  const random = new RandomStream(clock.now(), 'feed');
  const { factor, minMs, maxMs } = usualSettings.silence;
  const pace = paceOf(market);
  const silence = { factor, minMs: patienceMs(minMs, pace), maxMs: patienceMs(maxMs, pace) };
  const feed: Feed = await LiveFeed.open({
    ...{ data, symbols, timeframe, store, clock, random, log, takenUntil },
    settings: { silence },
  });
  return { feed, begin: takenUntil ?? feed.timeOfInstant(0) };
}
