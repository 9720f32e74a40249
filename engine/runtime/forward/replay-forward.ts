import { openBacktester, seriesFor } from '#engine/backtest/backtester.ts';
import type { StrategyDescription } from '#engine/backtest/strategy-process.ts';
import type { EquityCurve } from '#engine/backtest/types.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { MarketRules, Trade } from '#engine/simulation/types.ts';
import type { ForwardRecord } from './forward-record.ts';

/** The candles that a version was traded on. */
export interface ForwardCandles {
  readonly dataset: Dataset;
  /** By symbol. */
  readonly columns: ReadonlyMap<string, CandleColumns>;
  /** Bars that the venue told differently after they had been traded on: symbol and open time. */
  readonly corrections: readonly { readonly symbol: string; readonly time: number }[];
}

/** What the engine trades on, for whoever replays it. */
export interface ForwardMarket {
  /** For a version of these symbols and bars. @throws RatchetError `candles/…` */
  readonly candlesFor: (version: Pick<StrategyDescription, 'symbols' | 'timeframe'>) => ForwardCandles;
  /** By symbol. */
  readonly markets: Readonly<Record<string, MarketRules>>;
}

/** One decision that asked for something. */
export interface ReplayedSignal {
  /** Close of the bar it was made on, UTC milliseconds. */
  readonly instant: number;
  readonly symbol: string;
  readonly action: string;
  readonly reason: string;
}

/** The days of a version once more, through the backtester. */
export interface Replay {
  /** Closed in these days; what the end of the data closed is left out. */
  readonly trades: readonly Trade[];
  readonly signals: readonly ReplayedSignal[];
  /** By UTC day, with the value at the end. */
  readonly equity: EquityCurve;
  /** Close times of the bars that the version was due to decide on, by each symbol it declares, rising. */
  readonly due: ReadonlyMap<string, readonly number[]>;
  /** Moments within the bars that the venue told differently later, rising. */
  readonly corrected: readonly number[];
  /** When it held something first, the open of that bar; null when it never did. */
  readonly firstHeldAt: number | null;
  /** It keeps something from bar to bar that a replay from its loading does not know. */
  readonly hasState: boolean;
}

export type Replaying = { readonly ok: true; readonly replay: Replay } | { readonly ok: false; readonly why: string };

/**
 * Runs the version that a record speaks of through the backtester, over the very bars and from the same capital.
 * @param parameters of its manifest
 * @returns why it could not, in a clause, when the candles or the version are not what they were
 */
export async function replayForward(
  record: ForwardRecord,
  version: { readonly artifact: StrategyArtifact; readonly parameters: Readonly<Record<string, number>> },
  { candlesFor, markets }: ForwardMarket,
): Promise<Replaying> {
  const { barMs, capital, asOf } = record;
  // The bar that closes with the loading is warm-up; the next one is the first it decides on.
  const span = { from: Math.floor(record.since / barMs) * barMs, to: Math.floor(asOf / barMs) * barMs };
  if (span.to <= span.from) return { ok: false, why: 'no bar has closed since it was loaded' };
  try {
    const tester = await openBacktester(version.artifact);
    try {
      const description = tester.describe();
      const { symbols, stateVersion } = description;
      const { dataset, columns, corrections } = candlesFor(description);
      await tester.useDataset(dataset, columns);
      const signals: ReplayedSignal[] = [];
      const result = await tester.run(
        {
          artifact: version.artifact.digest,
          dataset,
          parameters: version.parameters,
          span,
          markets,
          capital,
          seed: 1,
          delayBars: 0,
        },
        {
          verify: true,
          onIntent: (time, index, { action, reason }) =>
            signals.push({ instant: time + barMs, symbol: symbols[index]!, action, reason }),
        },
      );
      const series = seriesFor(description, dataset, columns);
      const due = new Map(symbols.map((symbol, index) => [symbol, closesWithin(series[index]!, span, barMs)]));
      const entries = result.trades.map(({ entryTime }) => entryTime);
      return {
        ok: true,
        replay: {
          trades: result.trades.filter(({ exitCause }) => exitCause !== 'end-of-data'),
          signals,
          equity: result.equity,
          due,
          corrected: corrections
            .filter(({ symbol, time }) => symbols.includes(symbol) && time >= span.from && time < span.to)
            .map(({ time }) => time + 1)
            .toSorted((left, right) => left - right),
          firstHeldAt: entries.length === 0 ? null : Math.min(...entries),
          hasState: stateVersion !== null,
        },
      };
    } finally {
      await tester.close();
    }
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return { ok: false, why: explain(error) };
  }
}

/** A bar in which nothing traded is no bar, and nobody is due to decide on it. */
function closesWithin({ time, volume }: CandleColumns, { from, to }: { from: number; to: number }, barMs: number): number[] {
  const closes: number[] = [];
  for (let index = 0; index < time.length; index += 1) {
    if (time[index]! >= from && time[index]! < to && volume[index]! > 0) closes.push(time[index]! + barMs);
  }
  return closes;
}
