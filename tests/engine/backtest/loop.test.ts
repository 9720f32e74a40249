import { describe, expect, it } from 'vitest';
import { checkDefinition } from '#engine/backtest/host/definition.ts';
import { StrategyHost } from '#engine/backtest/host/strategy-host.ts';
import { runLoop } from '#engine/backtest/loop.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import { defineStrategy, ema, rsi } from '#engine/contract/index.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { Trade } from '#engine/simulation/types.ts';
import { cut, FROM, marketsOf, simulated, usualRules } from './bench-market.ts';

const HOUR_MS = 3_600_000;
const symbols = ['BTC/USDT', 'ETH/USDT'];
const whole: Span = { from: FROM, to: FROM + 3000 * HOUR_MS };

const crossing = defineStrategy({
  symbols,
  timeframe: '1h',
  parameters: {},
  warmupBars: () => 250,
  indicators: () => ({ fast: ema(9), slow: ema(21), strength: rsi(14), day: ema(5, { timeframe: '1d' }) }),
  onBar(context) {
    const { fast, slow, strength, day } = context.indicators;
    if (context.position.isOpen) return fast.crossedBelow(slow) ? context.exit('down') : context.hold('in');
    if (!fast.crossedAbove(slow) || strength.value > 75) return context.hold('no');
    return context.target(context.bar.close > day.value ? 0.5 : 0.3, 'up', { stopLoss: 0.02, takeProfit: 0.04 });
  },
});

function play(columns: ReadonlyMap<string, CandleColumns>, span = whole, strategy: unknown = crossing) {
  const definition = checkDefinition(strategy);
  const names = definition.symbols;
  const simulation = new Simulation({ symbols: names, markets: marketsOf(names), capital: 10_000, barMs: HOUR_MS });
  const intents: string[] = [];
  const result = runLoop(
    new StrategyHost(definition, {}),
    simulation,
    names.map((symbol) => columns.get(symbol)!),
    {
      span,
      barMs: HOUR_MS,
      onIntent: (time, index, { action, weight, reason }) => intents.push(`${time} ${index} ${action} ${weight} ${reason}`),
    },
  );
  return { result, intents };
}

describe('the loop', () => {
  const columns = simulated(symbols, '1h', 3000);

  it('does not see the future: what comes after any bar changes no decision up to it', () => {
    const { intents } = play(columns);
    expect(intents.length).toBeGreaterThan(60);
    for (let at = 260; at < 3000; at += 137) {
      const poisoned = new Map([...columns].map(([symbol, bars]) => [symbol, poison(bars, at)]));
      const until = FROM + at * HOUR_MS;
      const upTo = (all: readonly string[]): readonly string[] => all.filter((intent) => Number(intent.split(' ')[0]) < until);
      expect(upTo(play(poisoned).intents)).toEqual(upTo(intents));
    }
  });

  it('gives the same result when bars without a trade are left out as when they repeat the last price', () => {
    const quiet = new Set([300, 301, 302, 777, 1500, 2400, 2401]);
    const flat = new Map([...columns].map(([symbol, bars]) => [symbol, flatten(bars, quiet)]));
    const missing = new Map([...columns].map(([symbol, bars]) => [symbol, cut(bars, (index) => !quiet.has(index))]));
    expect(play(flat).result).toEqual(play(missing).result);
  });

  it('depends on the warm-up and on no older data', () => {
    const span = { from: FROM + 1500 * HOUR_MS, to: whole.to };
    const recent = new Map([...columns].map(([symbol, bars]) => [symbol, cut(bars, (index) => index >= 1500 - 250)]));
    expect(play(recent, span)).toEqual(play(columns, span));
  });

  it('decides nothing before a symbol has seen its warm-up, however late it lists', () => {
    const late = new Map(columns).set(
      'ETH/USDT',
      cut(columns.get('ETH/USDT')!, (index) => index >= 2000),
    );
    const { intents, result } = play(late);
    const first = intents.find((intent) => intent.split(' ')[1] === '1');
    expect(Number(first?.split(' ')[0])).toBeGreaterThanOrEqual(FROM + (2000 + 249) * HOUR_MS);
    expect(result.bars).toBe(3000 + 1000);
  });

  it('notes equity at the end of each UTC day, gaps included, and closes what is open at the end', () => {
    const gap = new Map([...columns].map(([symbol, bars]) => [symbol, cut(bars, (index) => index < 1000 || index >= 1100)]));
    const { result } = play(gap, { from: whole.from, to: FROM + 2005 * HOUR_MS });
    const { time, value } = result.equity;
    expect(time.slice(0, -1)).toEqual(Array.from({ length: time.length - 1 }, (_, day) => FROM + (day + 1) * 24 * HOUR_MS));
    expect(time.at(-1)).toBe(FROM + 2005 * HOUR_MS);
    const net = result.trades.reduce((sum, trade) => sum + trade.netResult, 0);
    expect(value.at(-1)).toBeCloseTo(10_000 + net, 6);
  });

  it('without a single bar is empty', () => {
    const none = new Map([...columns].map(([symbol, bars]) => [symbol, cut(bars, () => false)]));
    expect(play(none).result).toMatchObject({ bars: 0, instants: 0, trades: [], equity: { time: [], value: [] } });
  });
});

describe('a whole strategy', () => {
  it('makes the trades that an independent calculation over whole arrays makes', () => {
    const bars = simulated(['BTC/USDT'], '1h', 3000, 11).get('BTC/USDT')!;
    const rules = usualRules;
    const { result } = play(new Map([['BTC/USDT', bars]]), whole, {
      ...crossing,
      symbols: ['BTC/USDT'],
      onBar(context: Parameters<typeof crossing.onBar>[0]) {
        const { fast, slow } = context.indicators;
        if (context.position.isOpen) return fast.crossedBelow(slow) ? context.exit('down') : context.hold('in');
        return fast.crossedAbove(slow) ? context.target(0.5, 'up', { stopLoss: 0.02, takeProfit: 0.04 }) : context.hold('no');
      },
    });
    const expected = vectorised(bars, rules);
    expect(expected.length).toBeGreaterThan(30);
    expect(result.trades).toHaveLength(expected.length);
    result.trades.forEach((trade, index) => {
      const wanted = expected[index]!;
      expect([trade.entryTime, trade.exitTime, trade.exitCause]).toEqual([wanted.entryTime, wanted.exitTime, wanted.exitCause]);
      expect(trade.entryPrice).toBeCloseTo(wanted.entryPrice, 9);
      expect(trade.exitPrice).toBeCloseTo(wanted.exitPrice, 9);
    });
  });
});

/** EMA 9/21 on arrays, entries and exits by scanning ahead: nothing of the engine is used. Volume and cash do not bind here. */
function vectorised(bars: CandleColumns, rules: typeof usualRules) {
  const average = (period: number): number[] => {
    const values: number[] = [];
    let seed = 0;
    for (let index = 0; index < bars.close.length; index += 1) {
      const close = bars.close[index]!;
      if (index < period) seed += close / period;
      if (index < period - 1) values.push(Number.NaN);
      else if (index === period - 1) values.push(seed);
      else values.push((2 * close + (period - 1) * values[index - 1]!) / (period + 1));
    }
    return values;
  };
  const [fast, slow] = [average(9), average(21)];
  const above = fast.map((value, index) => value > slow[index]!);
  const cost = rules.halfSpreadRate + rules.slippageRate;
  const up = (price: number): number => Math.ceil(price * 100 - 1e-6) / 100;
  const down = (price: number): number => Math.floor(price * 100 + 1e-6) / 100;
  const trades: Pick<Trade, 'entryTime' | 'exitTime' | 'entryPrice' | 'exitPrice' | 'exitCause'>[] = [];
  for (let index = 249; index < above.length - 1; index += 1) {
    if (!above[index] || above[index - 1]) continue;
    const entryPrice = up(bars.open[index + 1]! * (1 + cost));
    const [stop, take] = [down(entryPrice * 0.98), up(entryPrice * 1.04)];
    const entryTime = bars.time[index + 1]!;
    const close = (at: number, exitPrice: number, exitCause: Trade['exitCause'], exitTime = bars.time[at]!): number => {
      trades.push({ entryTime, exitTime, entryPrice, exitPrice, exitCause });
      return at;
    };
    for (let at = index + 1; ; at += 1) {
      if (at === above.length) {
        index = close(at - 1, bars.close[at - 1]!, 'end-of-data', bars.time[at - 1]! + HOUR_MS);
        break;
      }
      const [open, high, low] = [bars.open[at]!, bars.high[at]!, bars.low[at]!];
      if (at > index + 1 && !above[at - 1] && above[at - 2]) {
        // The bar on which it sells decides again at its close, so the search goes on from the bar before.
        index = close(at, down(open * (1 - cost)), 'decision') - 1;
        break;
      }
      if (low <= stop) {
        index = close(at, down(Math.min(open, stop) * (1 - cost)), 'stop') - 1;
        break;
      }
      if (high > take) {
        index = close(at, take, 'take-profit') - 1;
        break;
      }
    }
  }
  return trades;
}

/** Wild prices from `at` on. */
function poison(bars: CandleColumns, at: number): CandleColumns {
  const spoil = (column: Float64Array, factor: number): Float64Array =>
    column.map((value, index) => (index < at ? value : value * factor));
  return {
    time: bars.time,
    open: spoil(bars.open, 3),
    high: spoil(bars.high, 9),
    low: spoil(bars.low, 0.1),
    close: spoil(bars.close, 0.5),
    volume: spoil(bars.volume, 100),
  };
}

/** The bars of `quiet` hours as an API would give them: the last price, no volume. */
function flatten(bars: CandleColumns, quiet: ReadonlySet<number>): CandleColumns {
  const lastTraded = (index: number): number => (quiet.has(index) ? lastTraded(index - 1) : index);
  const still = (column: Float64Array): Float64Array =>
    column.map((value, index) => (quiet.has(index) ? bars.close[lastTraded(index)]! : value));
  return {
    time: bars.time,
    open: still(bars.open),
    high: still(bars.high),
    low: still(bars.low),
    close: still(bars.close),
    volume: bars.volume.map((value, index) => (quiet.has(index) ? 0 : value)),
  };
}
