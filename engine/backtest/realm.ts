import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Span } from '#engine/candles/types.ts';
import * as contract from '#engine/contract/index.ts';
import { type DecisionRecord, INTENT_NUMBERS, type Intent } from '#engine/contract/intent.ts';
import { StreamingIndicator } from '#engine/indicators/streaming-indicator.ts';
import type { Json, RealmHandlers, RealmHost } from '#engine/sandbox/realm-api.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { ClosedBar, MarketRules, PositionView } from '#engine/simulation/types.ts';
import { BarView } from './host/bar-window.ts';
import { type CheckedDefinition, checkDefinition } from './host/definition.ts';
import { PositionOfSymbol, StrategyContext } from './host/strategy-context.ts';
import { StrategyHost, type StrategySnapshot } from './host/strategy-host.ts';
import { runLoop, warmUp } from './loop.ts';
import { TapeWriter, TextTable, TradeWriter } from './loop-codec.ts';
import { tradedBars } from './traded-bars.ts';

// The program of a strategy's sandbox process: it is bundled into a bare realm, where there is no Node and no zod.
// Its inputs come from the engine and are trusted; what it answers is judged on the other side.

/** What the engine asks `backtest` for. */
interface BacktestInput {
  readonly parameters: Record<string, number>;
  readonly span: Span;
  readonly markets: Record<string, MarketRules>;
  readonly capital: number;
  readonly delayBars: number;
  /** Also give back every intent. */
  readonly withTape: boolean;
  /** Send state through JSON after every decision, as a restart would. */
  readonly roundTripState: boolean;
}

interface BeginInput {
  readonly parameters: Record<string, number>;
  readonly state: StrategySnapshot | null;
  /** The run began with the bar that opened then: later bars are no warm-up, all of them are taken in. Null: it begins now. */
  readonly since: number | null;
}

interface EventInput {
  readonly bars: ClosedBar[];
  readonly positions: PositionView[];
  readonly withState: boolean;
}

interface LiveRun {
  readonly host: StrategyHost;
  readonly times: Float64Array;
}

export default function strategyProgram(realm: RealmHost): RealmHandlers {
  const endowments = { contract: realm.harden({ ...contract }) };
  for (const shown of [StreamingIndicator, StrategyContext, BarView, PositionOfSymbol]) {
    // What a strategy is handed leads to no class and no host.
    Reflect.deleteProperty(shown.prototype, 'constructor');
    realm.harden(shown);
  }

  let code: string | null = null;
  let columns: CandleColumns[] = [];
  let live: LiveRun | null = null;

  /** Evaluated anew for every run: what a module keeps to itself must not pass from one run to the next. */
  function freshDefinition(): CheckedDefinition {
    if (code === null) throw new TypeError('No strategy has been loaded.');
    return checkDefinition((realm.evaluate(code, endowments) as { default?: unknown }).default);
  }

  function load(input: { readonly code: string }) {
    code = input.code;
    const definition = freshDefinition();
    const { symbols, timeframe, parameters, stateVersion } = definition;
    const host = new StrategyHost(definition, {});
    return {
      output: {
        symbols,
        timeframe,
        parameters,
        stateVersion,
        higherTimeframes: host.higherTimeframes,
        warmupBars: host.warmupBars,
      },
    };
  }

  function candles(_input: Json, arrays: Float64Array[]) {
    columns = columnsOf(arrays);
    return { output: { bars: columns.map(({ time }) => time.length) } };
  }

  function backtest(input: BacktestInput) {
    const definition = freshDefinition();
    const { symbols, timeframe } = definition;
    if (columns.length !== symbols.length) throw new RangeError('The candles are not those of the declared symbols.');
    const host = new StrategyHost(definition, input.parameters);
    const barMs = timeframeMs(timeframe);
    const { markets, capital, delayBars, span } = input;
    const simulation = new Simulation({ symbols, markets, capital, barMs, delayBars });
    const texts = new TextTable();
    const trades = new TradeWriter(symbols, texts);
    const tape = input.withTape ? new TapeWriter(texts) : null;
    const {
      trades: _told,
      equity,
      ...measured
    } = runLoop(host, simulation, columns, {
      span,
      barMs,
      onTrade: (trade) => trades.add(trade),
      onIntent: tape === null ? undefined : (time, index, intent) => tape.add(time, index, intent),
      afterDecision: input.roundTripState ? (index) => host.roundTripState(index) : undefined,
    });
    host.snapshot();
    return {
      output: { ...measured, texts: texts.texts },
      arrays: [
        trades.numbers(),
        Float64Array.from(equity.time),
        Float64Array.from(equity.value),
        tape?.numbers() ?? new Float64Array(0),
      ],
    };
  }

  function begin(input: BeginInput, arrays: Float64Array[]) {
    const host = new StrategyHost(freshDefinition(), input.parameters);
    const history = columnsOf(arrays).map(tradedBars);
    history.forEach((series, index) => {
      const first = input.since === null ? -1 : series.time.findIndex((time) => time >= input.since!);
      takeIn(host, index, series, first < 0 ? series.time.length : first);
      host.detach(index);
    });
    const state = input.state === null ? 'fresh' : host.restore(input.state);
    const times = Float64Array.from(history, ({ time }) => time[time.length - 1] ?? Number.NEGATIVE_INFINITY);
    live = { host, times };
    return { output: { state, warm: history.map((_series, index) => host.symbol(index).isWarm()) } };
  }

  function event(input: EventInput) {
    const { host, times } = running();
    const { symbols } = host.definition;
    const traded = input.bars.filter(({ volume }) => volume > 0);
    const indices = traded.map(({ symbol }) => symbols.indexOf(symbol));
    traded.forEach((bar, at) => {
      const index = indices[at]!;
      if (index < 0) throw new RangeError(`${bar.symbol} is not declared.`);
      if (!(bar.time > times[index]!))
        throw new RangeError(`The bar of ${bar.symbol} at ${bar.time} is not newer than the last.`);
      times[index] = bar.time;
      host.append(index, bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume);
    });
    const decisions: DecisionRecord[] = [];
    for (const index of indices.sort((left, right) => left - right)) {
      const source = host.symbol(index);
      if (!source.isWarm()) continue;
      const symbol = symbols[index]!;
      const held = input.positions.find((position) => position.symbol === symbol);
      const intent = source.decide(held ?? { symbol, quantity: 0, entryPrice: 0, barsHeld: 0 });
      decisions.push(recordOf(symbol, intent));
      host.roundTripState(index);
    }
    return { output: input.withState ? { decisions, state: host.snapshot() } : { decisions } };
  }

  function snapshot() {
    return { output: running().host.snapshot() };
  }

  function running(): LiveRun {
    if (live === null) throw new TypeError('No live run has begun.');
    return live;
  }

  return { load, candles, backtest, begin, event, snapshot } as unknown as RealmHandlers;
}

/** Warms a symbol up to the bar at `first`, and takes in what follows as if it had been there when those bars closed. */
function takeIn(host: StrategyHost, index: number, series: CandleColumns, first: number): void {
  warmUp(host, index, series, first);
  const symbol = host.symbol(index);
  for (let at = first; at < series.time.length; at += 1) symbol.advance();
}

/** Six arrays a symbol: time, open, high, low, close, volume. */
function columnsOf(arrays: readonly Float64Array[]): CandleColumns[] {
  if (arrays.length % 6 !== 0) throw new RangeError('Candles are six columns a symbol.');
  const all: CandleColumns[] = [];
  for (let at = 0; at < arrays.length; at += 6) {
    const [time, open, high, low, close, volume] = arrays.slice(at, at + 6) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    all.push({ time, open, high, low, close, volume });
  }
  return all;
}

function recordOf(symbol: string, intent: Intent): DecisionRecord {
  const record: Record<string, string | number | null> = { symbol, action: intent.action, reason: intent.reason };
  if (intent.action !== 'target' && intent.action !== 'limit') return record as unknown as DecisionRecord;
  for (const name of INTENT_NUMBERS) {
    const value = intent[name];
    // Absent stays absent; what is given and not finite becomes null, and is refused by risk. Weight and price are always given.
    const isGiven = name === 'weight' || (name === 'price' && intent.action === 'limit') || !Number.isNaN(value);
    if (isGiven) record[name] = Number.isFinite(value) ? value : null;
  }
  return record as unknown as DecisionRecord;
}
