import { Big } from 'big.js';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { MarketDataTraits } from '#engine/feeds/market-data.ts';
import type { FeePlan, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import { Dice } from './dice.ts';
import { drawFaultPlan, type FaultPlan } from './fault-plan.ts';

/** After the faults cease: bars in which strategies only hold, and then bars in which everything is closed. */
export const CALM_BARS = 14;
export const CLOSING_BARS = 8;

/** Bars that had closed before anybody was there. */
const LEAD_BARS = 6;

/** Everything that one seed decides before anything happens. */
export interface RunPlan {
  readonly seed: number;
  readonly from: number;
  readonly barMs: number;
  readonly timeframe: Timeframe;
  /** Bars until the faults cease. */
  readonly bars: number;
  readonly markets: readonly ListedMarket[];
  readonly balances: Readonly<Record<string, string>>;
  readonly fees: FeePlan;
  readonly refusesReachedStops: boolean;
  readonly strategies: readonly string[];
  /** About what the account has, quote asset. */
  readonly capital: number;
  /** How the venue tells of its bars. */
  readonly traits: MarketDataTraits;
  readonly faults: FaultPlan;
  /** How often the engine dies at a gate, and how many gates it passes before. */
  readonly gatesOfLives: readonly number[];
}

const FROM = Date.UTC(2025, 2, 3);
const QUOTE = 'USDT';
const THIRD = 'BNB';
const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const minuteMs = 60_000;

/** @param barsMax for a run that is cut short */
export function drawRunPlan(seed: number, barsMax = Number.POSITIVE_INFINITY): RunPlan {
  const dice = new Dice(seed, 'run');
  const barMs = dice.pick([minuteMs, 5 * minuteMs]);
  const bars = Math.min(barsMax, dice.whole(25, 70));
  const symbols = SYMBOLS.slice(0, dice.whole(1, 3));
  const all = LEAD_BARS + bars + CALM_BARS + CLOSING_BARS + 2;
  // Bars of a quarter of an hour pass as bars of minutes: a lively market, in which stops are met.
  const columns = simulateMarket({ seed, symbols, timeframe: '15m', from: FROM, bars: all });
  const markets = symbols.map((symbol) => drawMarket(dice, symbol, atPace(columns.get(symbol)!, barMs), barMs));
  const strategies = Array.from({ length: dice.whole(1, 3) }, (_, each) => `s${each + 1}`);
  const capital = Math.round(dice.magnitude(2_000, 100_000));
  const third = { asset: THIRD, share: dice.pick([1, 0.5]), priceInQuote: 600 };
  const calmAt = FROM + bars * barMs;
  return {
    seed,
    from: FROM,
    barMs,
    timeframe: barMs === minuteMs ? '1m' : '5m',
    bars,
    markets,
    balances: { [QUOTE]: (capital * dice.pick([1, 1, 1.3, 0.7])).toFixed(2), [THIRD]: dice.pick(['0.01', '3']) },
    fees: dice.pick<FeePlan>(['quote', 'received', third]),
    refusesReachedStops: dice.chance(0.5),
    strategies,
    capital,
    traits: drawTraits(dice),
    faults: drawFaultPlan(seed, FROM, calmAt),
    gatesOfLives: Array.from({ length: dice.chance(0.15) ? 0 : dice.whole(1, 6) }, () => Math.floor(dice.magnitude(5, 6_000))),
  };
}

/** As Binance, Kraken and Coinbase tell of theirs; of the last, only when asked. */
function drawTraits(dice: Dice): MarketDataTraits {
  const common = { canWatch: true, settleMs: 1_000, weights: { bars: 1, time: 1 }, budget: { capacity: 20, perSecond: 2 } };
  return dice.pick<MarketDataTraits>([
    { ...common, pageBars: 40, newestBarsOnly: null, isWindowed: false, timeStepMs: 1 },
    { ...common, pageBars: 40, newestBarsOnly: 40, isWindowed: false, timeStepMs: 1_000 },
    { ...common, canWatch: false, pageBars: 30, newestBarsOnly: null, isWindowed: true, timeStepMs: 1 },
  ]);
}

function drawMarket(dice: Dice, symbol: string, candles: CandleColumns, barMs: number): ListedMarket {
  const [base, quote] = symbol.split('/') as [string, string];
  const price = candles.close[0]!;
  const tickSize = new Big(10).pow(Math.floor(Math.log10(price)) - dice.whole(3, 5));
  return {
    symbol,
    base,
    quote,
    isActive: true,
    tickSize,
    stepSize: new Big(10).pow(-Math.floor(Math.log10(price)) - dice.whole(1, 3)),
    minQuantity: new Big(10).pow(-Math.floor(Math.log10(price)) - 1),
    minNotional: new Big(dice.pick([1, 5, 10])),
    maxQuantity: null,
    makerFeeRate: dice.pick([0, 0.001, 0.0025]),
    takerFeeRate: dice.pick([0.001, 0.004]),
    book: {
      halfSpreadRate: dice.magnitude(0.00005, 0.001),
      levels: dice.whole(2, 10),
      spacingRate: dice.magnitude(0.0001, 0.002),
      levelNotional: dice.magnitude(100, 100_000),
      refillMs: Math.round(dice.magnitude(500, 60_000)),
    },
    candles,
    barMs,
  };
}

function atPace(columns: CandleColumns, barMs: number): CandleColumns {
  const paced = allocateColumns(columns.time.length);
  for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) paced[name].set(columns[name]);
  for (let row = 0; row < paced.time.length; row += 1) paced.time[row] = FROM + (row - LEAD_BARS) * barMs;
  return paced;
}
