import { describe, expect, it } from 'vitest';
import { openBacktester } from '#engine/backtest/backtester.ts';
import { LiveStrategy, StoredState } from '#engine/backtest/live-strategy.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { StoredSimulation } from '#engine/simulation/snapshot-schema.ts';
import type { ClosedBar, Trade } from '#engine/simulation/types.ts';
import { artifactOf, cut, datasetOf, FROM, marketsOf, simulated } from './bench-market.ts';

const HOUR_MS = 3_600_000;
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];

/** All that a strategy may use: state, a higher timeframe, limits, partial exits, every protection. */
const source = `import { atr, defineStrategy, ema, highest, sma } from 'ratchet/contract';
export default defineStrategy({
  symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'], timeframe: '1h',
  parameters: {},
  warmupBars: () => 400,
  indicators: () => ({ fast: ema(9), slow: ema(21), day: ema(4, { timeframe: '1d' }), range: atr(14), top: highest(24), volume: sma(20, { of: 'volume' }) }),
  state: { version: 1, initial: () => ({ entries: 0, marks: [] as number[] }) },
  onBar(context) {
    const { bar, indicators, position, state } = context;
    const { fast, slow, day, range, top } = indicators;
    if (position.isOpen) {
      if (fast.crossedBelow(slow)) return context.exit('down');
      if (position.openReturn > 0.03 && state.marks.length === 0) {
        state.marks.push(bar.close);
        return context.target(0.1, 'take half');
      }
      return context.hold('in');
    }
    state.marks.length = 0;
    if (fast.crossedAbove(slow)) {
      state.entries += 1;
      if (state.entries % 3 === 0) return context.limit(0.25, bar.close - range.value / 2, 'dip', { stopLoss: 0.03, expiryBars: 5 });
      return context.target(bar.close > day.value ? 0.33 : 0.2, 'up', { trailingStop: 0.04, takeProfit: 0.06, horizonBars: 60, slippageTolerance: 0.02 });
    }
    if (bar.close > top.previous && context.ago(1).close < top.previous) return context.target(0.15, 'breakout', { stopLoss: 0.02 });
    return context.hold('out');
  },
});
`;

describe('paper trading over replayed bars', () => {
  it('gives the trades of the backtester to the last digit, through restarts of strategy and account', async () => {
    const bars = 2600;
    const whole = simulated(symbols, '1h', bars, 5);
    // Bars missing here and there, as where nothing traded, and one symbol that goes quiet for a day.
    const columns = new Map(
      [...whole].map(([symbol, series], at) => [
        symbol,
        cut(series, (index) => index % (101 + at) !== 0 && !(at === 1 && index > 900 && index < 925)),
      ]),
    );
    const artifact = await artifactOf(source);
    const span = { from: FROM + 500 * HOUR_MS, to: FROM + bars * HOUR_MS };
    const dataset = datasetOf(columns, '1h');
    const markets = marketsOf(symbols);

    const tester = await openBacktester(artifact);
    await tester.useDataset(dataset, columns);
    const result = await tester.run(
      { artifact: artifact.digest, parameters: {}, dataset, span, markets, capital: 10_000, seed: 1, delayBars: 0 },
      { verify: true },
    );
    await tester.close();

    const settings = { symbols, markets, capital: 10_000, barMs: HOUR_MS };
    const historyUntil = (time: number) =>
      new Map([...columns].map(([symbol, series]) => [symbol, cut(series, (index) => series.time[index]! < time)]));
    let simulation = new Simulation(settings);
    let live = await LiveStrategy.start(artifact, { parameters: {}, state: null, history: historyUntil(span.from) });
    expect(live.stateFate).toBe('fresh');
    const trades: Trade[] = [];
    for (let time = span.from; time < span.to; time += HOUR_MS) {
      const closed = barsAt(columns, time);
      simulation.onBars(closed);
      simulation.submit(await live.decide({ bars: closed, positions: simulation.positions() }));
      trades.push(...simulation.takeRecord().trades);
      if (time === FROM + 1111 * HOUR_MS || time === FROM + 1717 * HOUR_MS) {
        const state = StoredState.parse(JSON.parse(JSON.stringify(await live.snapshot())));
        const account = StoredSimulation.parse(JSON.parse(JSON.stringify(simulation.snapshot())));
        await live.close();
        live = await LiveStrategy.start(artifact, {
          parameters: {},
          state,
          history: historyUntil(time + HOUR_MS),
          since: span.from,
        });
        simulation = Simulation.restore(settings, account);
        expect(live.stateFate).toBe('kept');
      }
    }
    await live.close();
    simulation.closeAll('end of data');
    trades.push(...simulation.takeRecord().trades);

    expect(result.trades.length).toBeGreaterThan(60);
    expect(new Set(result.trades.map(({ exitCause }) => exitCause)).size).toBeGreaterThanOrEqual(5);
    expect(trades).toEqual(result.trades);
  }, 120_000);

  it('refuses a bar that is not newer than the last, and goes on', async () => {
    const columns = simulated(symbols, '1h', 500);
    const live = await LiveStrategy.start(await artifactOf(source), { parameters: {}, state: null, history: columns });
    const positions = symbols.map((symbol) => ({ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }));
    const last = barsAt(columns, FROM + 499 * HOUR_MS);
    await expect(live.decide({ bars: last, positions })).rejects.toMatchObject({ message: expect.stringMatching(/not newer/) });
    const next = last.map((bar) => ({ ...bar, time: bar.time + HOUR_MS }));
    expect(await live.decide({ bars: next, positions })).toHaveLength(3);
    const none = next.map((bar) => ({ ...bar, time: bar.time + HOUR_MS, volume: 0 }));
    expect(await live.decide({ bars: none, positions })).toEqual([]);
    await live.close();
  });

  it('takes no decision whose reason would paint over a terminal', async () => {
    const columns = simulated(symbols, '1h', 500);
    const painting = source
      .replace("context.hold('out')", "context.hold('out\\x1b[2J')")
      .replace("context.hold('in')", "context.hold('\\x07')");
    const live = await LiveStrategy.start(await artifactOf(painting), { parameters: {}, state: null, history: columns });
    const positions = symbols.map((symbol) => ({ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }));
    const next = barsAt(columns, FROM + 499 * HOUR_MS).map((bar) => ({ ...bar, time: bar.time + HOUR_MS }));
    await expect(live.decide({ bars: next, positions })).rejects.toMatchObject({
      code: 'backtest/answer',
      message: expect.stringMatching(/reason must be one line/),
    });
    await live.close();
  });
});

function barsAt(columns: ReadonlyMap<string, CandleColumns>, time: number): ClosedBar[] {
  return [...columns].flatMap(([symbol, { time: times, open, high, low, close, volume }]) => {
    const at = times.indexOf(time);
    if (at < 0) return [];
    return [{ symbol, time, open: open[at]!, high: high[at]!, low: low[at]!, close: close[at]!, volume: volume[at]! }];
  });
}
