import { LiveStrategy, type StoredState } from '#engine/backtest/live-strategy.ts';
import { startStrategy } from '#engine/backtest/strategy-process.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { quoteProblem } from '#engine/contract/quote-asset.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { BarBuilder } from './bar-builder.ts';
import type { Candidate } from './candidate.ts';
import { builderAt, readHistory } from './history.ts';

/** A market that has fewer bars behind a version's beginning than its default parameters warm up with. */
export interface Lack {
  readonly symbol: string;
  readonly has: number;
  readonly needs: number;
  /** Where the exchange gives only its newest bars, of `timeframe` each: how many. */
  readonly served: { readonly bars: number; readonly timeframe: Timeframe } | null;
}

/** A version at work in its own process, warmed up. */
export interface LoadedVersion {
  readonly candidate: Candidate;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly barMs: number;
  /** Market time at which its run began; indicators depend on it, so a restart begins there again. */
  readonly anchor: number;
  readonly live: Pick<LiveStrategy, 'step' | 'close' | 'stateFate'>;
  /** Builds its bars while it is on trial. */
  readonly builder: BarBuilder;
  /** What it waits for; empty when it was warm from the start. */
  readonly lacking: readonly Lack[];
}

export interface LoadRequest {
  readonly candidate: Candidate;
  readonly series: readonly FeedSeries[];
  readonly anchor: number;
  /** Market time up to which it knows the bars. */
  readonly until: number;
  readonly state: StoredState | null;
  /** What the account is in that it would trade on; null where it has none yet, or had it before. */
  readonly quote: string | null;
}

/** How a version is brought to work: `loadVersion`, wherever strategies have processes of their own. */
export type LoadVersion = (request: LoadRequest) => Promise<LoadedVersion>;

/**
 * Bars handed over for the warm-up: ten times what the default parameters ask for and never fewer than this, because other
 * parameters may need more and only the strategy's process can say how many. One that needs still more waits until it is warm.
 */
const historyBarsMin = 10_000;

/** @throws RatchetError `sandbox/…`, `backtest/…`, `engine/other-quote` or `engine/no-feed`; nothing is left running then */
export async function loadVersion({ candidate, series, anchor, until, state, quote }: LoadRequest): Promise<LoadedVersion> {
  const { artifact, manifest } = candidate;
  const { symbols, timeframe, warmupBars } = await describe(candidate);
  const problem = quoteProblem(symbols, quote);
  if (problem !== null) {
    const remedy = 'Give it an engine and an account of its own, or a strategy of another name.';
    throw new RatchetError('engine/other-quote', `It cannot trade on this account: ${problem}.`, remedy);
  }
  const barMs = timeframeMs(timeframe);
  const barsBefore = Math.max(historyBarsMin, 10 * warmupBars);
  const { columns } = readHistory({ series, symbols, timeframe, since: anchor, barsBefore, until });
  const builder = builderAt(series, symbols, timeframe, until);
  const since = Math.floor(anchor / barMs) * barMs;
  const live = await LiveStrategy.start(artifact, { parameters: manifest.parameters, state, history: columns, since });
  const lacking = symbols.flatMap((symbol) => {
    const has = columns.get(symbol)!.time.filter((time) => time + barMs <= anchor).length;
    const { servesNewest = null, timeframe: fed } = series.find((one) => one.symbol === symbol)!;
    const served = servesNewest === null ? null : { bars: servesNewest, timeframe: fed };
    return has < warmupBars ? [{ symbol, has, needs: warmupBars, served }] : [];
  });
  return { candidate, symbols, timeframe, barMs, anchor, live, builder, lacking };
}

/**
 * What a version still waits for before it is warm, in words; null when nothing is lacking.
 * @param now market time
 */
export function waitedFor(
  { lacking, timeframe, barMs, anchor }: Pick<LoadedVersion, 'lacking' | 'timeframe' | 'barMs' | 'anchor'>,
  now: number,
): string | null {
  const since = Math.floor(now / barMs) - Math.floor(anchor / barMs);
  const waits = lacking.filter(({ has, needs }) => has + since < needs);
  if (waits.length === 0) return null;
  const named = waits.map(
    ({ symbol, has, needs }) => `${needs - has - since} more of ${symbol} (has ${has + since} of ${needs})`,
  );
  const { served } = waits[0]!;
  const why = served === null ? '' : `: the exchange gives only its newest ${served.bars} of ${served.timeframe}`;
  return `the new version warms up with ${timeframe} bars and waits for ${named.join(', ')}${why}. Import older candles and start the engine again, and it begins at once`;
}

/** What the strategy says of itself decides which bars it is warmed up with, so it is asked in a process of its own first. */
async function describe({ artifact }: Candidate) {
  const { sandbox, description } = await startStrategy(artifact);
  await sandbox.close();
  return description;
}
