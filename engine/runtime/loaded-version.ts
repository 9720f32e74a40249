import { LiveStrategy, type StoredState } from '#engine/backtest/live-strategy.ts';
import { startStrategy } from '#engine/backtest/strategy-process.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { BarBuilder } from './bar-builder.ts';
import type { Candidate } from './candidate.ts';
import { builderAt, readHistory } from './history.ts';

/** A version at work in its own process, warmed up. */
export interface LoadedVersion {
  readonly candidate: Candidate;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly barMs: number;
  /** Market time at which its run began; indicators depend on it, so a restart begins there again. */
  readonly anchor: number;
  readonly live: Pick<LiveStrategy, 'decide' | 'snapshot' | 'close' | 'stateFate'>;
  /** Builds its bars while it is on trial. */
  readonly builder: BarBuilder;
  /** In words, the markets that have fewer bars behind the anchor than its default parameters warm up with: it waits for them. */
  readonly lacking: readonly string[];
}

export interface LoadRequest {
  readonly candidate: Candidate;
  readonly series: readonly FeedSeries[];
  readonly anchor: number;
  /** Market time up to which it knows the bars. */
  readonly until: number;
  readonly state: StoredState | null;
}

/** How a version is brought to work: `loadVersion`, wherever strategies have processes of their own. */
export type LoadVersion = (request: LoadRequest) => Promise<LoadedVersion>;

/**
 * Bars handed over for the warm-up: ten times what the default parameters ask for and never fewer than this, because other
 * parameters may need more and only the strategy's process can say how many. One that needs still more waits until it is warm.
 */
const historyBarsMin = 10_000;

/** @throws RatchetError `sandbox/…`, `backtest/…` or `engine/no-feed`; nothing is left running then */
export async function loadVersion({ candidate, series, anchor, until, state }: LoadRequest): Promise<LoadedVersion> {
  const { artifact, manifest } = candidate;
  const { symbols, timeframe, warmupBars } = await describe(candidate);
  const barMs = timeframeMs(timeframe);
  const barsBefore = Math.max(historyBarsMin, 10 * warmupBars);
  const { columns } = readHistory({ series, symbols, timeframe, since: anchor, barsBefore, until });
  const builder = builderAt(series, symbols, timeframe, until);
  const since = Math.floor(anchor / barMs) * barMs;
  const live = await LiveStrategy.start(artifact, { parameters: manifest.parameters, state, history: columns, since });
  const lacking = symbols.flatMap((symbol) => {
    const bars = columns.get(symbol)!.time.filter((time) => time + barMs <= anchor).length;
    return bars < warmupBars ? [`${symbol} has ${bars} of the ${warmupBars} ${timeframe} bars it warms up with`] : [];
  });
  return { candidate, symbols, timeframe, barMs, anchor, live, builder, lacking };
}

/** What the strategy says of itself decides which bars it is warmed up with, so it is asked in a process of its own first. */
async function describe({ artifact }: Candidate) {
  const { sandbox, description } = await startStrategy(artifact);
  await sandbox.close();
  return description;
}
