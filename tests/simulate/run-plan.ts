import { Big } from 'big.js';
import { allocateColumns } from '#engine/candles/candle-columns.ts';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { FeePlan, ListedMarket } from '#engine/venues/rehearsal/exchange-types.ts';
import { Dice } from './dice.ts';
import { drawFaultPlan, type FaultPlan } from './fault-plan.ts';
import { drawTemper, type Temper } from './random-strategist.ts';

/** After the faults cease: bars in which strategies only hold, and then bars in which everything is closed. */
export const CALM_BARS = 14;
export const CLOSING_BARS = 8;

export interface PlannedStrategy {
  readonly id: string;
  readonly symbols: readonly string[];
  /** Quote asset. */
  readonly capital: number;
  readonly temper: Temper;
}

/** Everything that one seed decides before anything happens. */
export interface RunPlan {
  readonly seed: number;
  readonly from: number;
  readonly barMs: number;
  /** Bars until the faults cease. */
  readonly bars: number;
  readonly markets: readonly ListedMarket[];
  readonly balances: Readonly<Record<string, string>>;
  readonly fees: FeePlan;
  readonly refusesReachedStops: boolean;
  readonly strategies: readonly PlannedStrategy[];
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
  const bars = Math.min(barsMax, dice.whole(40, 110));
  const symbols = SYMBOLS.slice(0, dice.whole(1, 3));
  const all = bars + CALM_BARS + CLOSING_BARS + 2;
  // Bars of a quarter of an hour pass as bars of minutes: a lively market, in which stops are met.
  const columns = simulateMarket({ seed, symbols, timeframe: '15m', from: FROM, bars: all });
  const markets = symbols.map((symbol) => drawMarket(dice, symbol, atPace(columns.get(symbol)!, barMs), barMs));
  const strategies = Array.from({ length: dice.whole(1, 3) }, (_, each): PlannedStrategy => {
    const own = symbols.filter(() => dice.chance(0.7));
    const capital = Math.round(dice.magnitude(1_000, 50_000));
    return { id: `s${each + 1}`, symbols: own.length === 0 ? symbols.slice(0, 1) : own, capital, temper: drawTemper(dice) };
  });
  const capital = strategies.reduce((sum, strategy) => sum + strategy.capital, 0);
  const third = { asset: THIRD, share: dice.pick([1, 0.5]), priceInQuote: 600 };
  const calmAt = FROM + bars * barMs;
  return {
    seed,
    from: FROM,
    barMs,
    bars,
    markets,
    balances: { [QUOTE]: (capital * dice.pick([1, 1, 1.3, 0.7])).toFixed(2), [THIRD]: dice.pick(['0.01', '3']) },
    fees: dice.pick<FeePlan>(['quote', 'received', third]),
    refusesReachedStops: dice.chance(0.5),
    strategies,
    faults: drawFaultPlan(seed, FROM, calmAt),
    gatesOfLives: Array.from({ length: dice.chance(0.15) ? 0 : dice.whole(1, 6) }, () => Math.floor(dice.magnitude(5, 6_000))),
  };
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
  for (let row = 0; row < paced.time.length; row += 1) paced.time[row] = FROM + row * barMs;
  return paced;
}
