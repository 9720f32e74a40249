import { Resampler } from '#engine/candles/resampler.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import type { Intent } from '#engine/contract/intent.ts';
import { ceil, isMissing, min, missing } from '#engine/contract/intrinsics.ts';
import type { Context, Decision, ParameterValues, Timeframe } from '#engine/contract/types.ts';
import { BLOCK_BARS } from '#engine/indicators/kernel.ts';
import {
  beginBlock,
  Cursor,
  claimIndicator,
  holdIndicator,
  runIndicator,
  StreamingIndicator,
  stepIndicator,
  timeframeOfIndicator,
} from '#engine/indicators/streaming-indicator.ts';
import type { PositionView } from '#engine/simulation/types.ts';
import type { DecisionSource, SymbolSource } from '../decision-source.ts';
import type { BarWindow } from './bar-window.ts';
import { type CheckedDefinition, checkHigherTimeframe, checkWarmup, resolveParameters } from './definition.ts';
import { copyPlainJson, type PlainJson } from './plain-json.ts';
import { StrategyContext, SymbolDesk } from './strategy-context.ts';

// Bundled into the strategy realm: no Node imports here.

const INDICATORS_MAX = 64;

/** What survives of a strategy between two processes; indicators are rebuilt by warm-up. */
export interface StrategySnapshot {
  schema: 'ratchet/strategy-state/1';
  /** Null when the strategy declares no state. */
  version: number | null;
  symbols: { [symbol: string]: PlainJson };
}

/** What became of a saved state: taken as it was, migrated, or dropped for a fresh one. */
export type StateFate = 'kept' | 'migrated' | 'fresh';

interface HigherTimeframe {
  readonly resampler: Resampler;
  readonly bucketMs: number;
  readonly indicators: StreamingIndicator[];
  /** Buckets that begin before this were entered in the middle and do not count; NaN before the first bar. */
  wholeFrom: number;
}

/** One symbol at work: what its context reads, and the indicators behind it. */
class SymbolRoom implements SymbolSource {
  readonly desk: SymbolDesk;
  readonly window: BarWindow;
  readonly context: StrategyContext;
  readonly base: readonly StreamingIndicator[];
  readonly higher: readonly HigherTimeframe[];
  readonly cursor: Cursor;
  readonly onBar: OnBar;
  /** Bars of the block that the indicators have taken in. */
  filled = 0;

  constructor(
    desk: SymbolDesk,
    base: readonly StreamingIndicator[],
    higher: readonly HigherTimeframe[],
    cursor: Cursor,
    onBar: OnBar,
  ) {
    this.desk = desk;
    this.window = desk.window;
    this.context = new StrategyContext(desk);
    this.base = base;
    this.higher = higher;
    this.cursor = cursor;
    this.onBar = onBar;
  }

  /** Takes in the next bar of the columns: window, indicators, higher timeframes. */
  advance(): void {
    const { cursor } = this;
    this.window.at += 1;
    if (cursor.slot === this.filled) fillBlock(this);
    cursor.slot += 1;
  }

  isWarm(): boolean {
    return this.window.count >= this.window.reach;
  }

  decide(position: PositionView): Intent {
    const { desk } = this;
    if (desk.held !== position) desk.held = position;
    return StrategyContext.decide(this.context, this.onBar);
  }
}

type OnBar = (context: Context) => Decision;

/** A definition with parameter values, at work: one context, window, set of indicators and state for each symbol. */
export class StrategyHost implements DecisionSource {
  readonly definition: CheckedDefinition;
  readonly parameters: ParameterValues;
  readonly warmupBars: number;
  readonly higherTimeframes: readonly Timeframe[];
  readonly #rooms: readonly SymbolRoom[];

  /** @throws TypeError or RangeError when a value is outside its range or the definition's functions give what they may not */
  constructor(definition: CheckedDefinition, given: Readonly<Record<string, number>>) {
    // The strategy's functions are called bare: as methods they would receive the host as `this`.
    const { warmupBars, initialState, onBar } = definition;
    this.definition = definition;
    this.parameters = resolveParameters(definition.parameters, given);
    this.warmupBars = checkWarmup(warmupBars(this.parameters));
    this.#rooms = definition.symbols.map((symbol) => this.#openRoom(symbol, onBar));
    for (const room of this.#rooms) if (initialState !== null) room.desk.state = stateOf(initialState());
    this.higherTimeframes = this.#usedTimeframes();
  }

  #openRoom(symbol: string, onBar: OnBar): SymbolRoom {
    const { definition, parameters, warmupBars } = this;
    const { indicators, timeframe } = definition;
    const { found, record } = collect(indicators(parameters));
    const base: StreamingIndicator[] = [];
    const higher = new Map<Timeframe, HigherTimeframe>();
    const cursor = new Cursor();
    for (const indicator of found) {
      if (!claimIndicator(indicator, cursor))
        throw new TypeError('An indicator is used twice; make each one inside indicators().');
      const own = timeframeOfIndicator(indicator);
      if (own === undefined || own === timeframe) base.push(indicator);
      else higherOf(higher, timeframe, own).indicators.push(indicator);
    }
    const desk = new SymbolDesk(symbol, timeframeMs(timeframe), warmupBars, record, parameters);
    return new SymbolRoom(desk, base, [...higher.values()], cursor, onBar);
  }

  #usedTimeframes(): readonly Timeframe[] {
    const used = new Set<Timeframe>();
    for (const { higher } of this.#rooms) {
      for (const { indicators } of higher) for (const indicator of indicators) used.add(timeframeOfIndicator(indicator)!);
    }
    return [...used].sort((left, right) => timeframeMs(left) - timeframeMs(right));
  }

  /** Hands a symbol the columns it is about to be led through, and where it stands in them: `at` is the last bar taken in. */
  attach(index: number, columns: CandleColumns, at: number): void {
    requireCaughtUp(this.#rooms[index]!);
    this.#rooms[index]!.desk.window.attach(columns, at);
  }

  /** Lets a symbol that was warmed up on columns go on by single bars. */
  detach(index: number): void {
    requireCaughtUp(this.#rooms[index]!);
    this.#rooms[index]!.desk.window.detach();
  }

  /** Takes in a closed bar that is in no column yet. Only after `detach`. */
  append(index: number, time: number, open: number, high: number, low: number, close: number, volume: number): void {
    const room = this.#rooms[index]!;
    room.window.append(time, open, high, low, close, volume);
    room.advance();
  }

  symbol(index: number): SymbolSource {
    return this.#rooms[index]!;
  }

  /** @throws TypeError naming the path of what JSON would lose */
  snapshot(): StrategySnapshot {
    const symbols: { [symbol: string]: PlainJson } = {};
    for (const { desk } of this.#rooms) symbols[desk.symbol] = copyPlainJson(desk.state, `state of ${desk.symbol}`);
    return { schema: 'ratchet/strategy-state/1', version: this.definition.stateVersion, symbols };
  }

  /** Puts saved state back; a state of another version goes through `migrate`, and without one gives way to `initial`. */
  restore(snapshot: StrategySnapshot): StateFate {
    const { stateVersion, migrateState } = this.definition;
    if (stateVersion === null) return 'fresh';
    const isSame = snapshot.version === stateVersion;
    if (!isSame && (snapshot.version === null || migrateState === null)) return 'fresh';
    for (const { desk } of this.#rooms) {
      const saved = snapshot.symbols[desk.symbol];
      if (saved === undefined) continue;
      desk.state = copyPlainJson(isSame ? saved : migrateState!(saved, snapshot.version!), `state of ${desk.symbol}`);
    }
    return isSame ? 'kept' : 'migrated';
  }

  /** Sends one symbol's state through plain data and back, as a restart would. */
  roundTripState(index: number): void {
    const { desk } = this.#rooms[index]!;
    desk.state = copyPlainJson(desk.state, `state of ${desk.symbol}`);
  }
}

/** State is changed in place, so it must be something that has a place. */
function stateOf(value: unknown): PlainJson {
  const state = copyPlainJson(value, 'state');
  if (typeof state !== 'object' || state === null)
    throw new TypeError('state.initial() must give an object, which onBar changes in place.');
  return state;
}

/** Lets the indicators take in the bars from the window's newest on, as far as there are any. A live run has one. */
function fillBlock(room: SymbolRoom): void {
  const { base, higher, cursor, filled, window } = room;
  const count = min(BLOCK_BARS, window.end - window.at);
  for (const indicator of base) {
    beginBlock(indicator, filled);
    runIndicator(indicator, window, window.at, count);
  }
  for (const each of higher) {
    for (const indicator of each.indicators) beginBlock(indicator, filled);
    for (let slot = 1; slot <= count; slot += 1) advanceHigher(each, window, window.at + slot - 1, slot);
  }
  cursor.slot = 0;
  room.filled = count;
}

/** Indicators that have taken in bars of these columns cannot go on with others before the symbol has caught up with them. */
function requireCaughtUp({ cursor, filled }: SymbolRoom): void {
  if (cursor.slot !== filled) throw new RangeError('The columns are not at their end: their indicators have read ahead.');
}

function advanceHigher(higher: HigherTimeframe, columns: CandleColumns, at: number, slot: number): void {
  const { resampler, indicators } = higher;
  const time = columns.time[at]!;
  for (let each = 0; each < indicators.length; each += 1) holdIndicator(indicators[each]!, slot);
  if (isMissing(higher.wholeFrom)) higher.wholeFrom = ceil(time / higher.bucketMs) * higher.bucketMs;
  if (resampler.closesBefore(time)) pass(higher, slot);
  const { open, high, low, close, volume } = columns;
  if (resampler.add(time, open[at]!, high[at]!, low[at]!, close[at]!, volume[at]!)) pass(higher, slot);
}

/** Gives a closed higher bar to its indicators, unless its bucket was entered in the middle. */
function pass(higher: HigherTimeframe, slot: number): void {
  const { resampler, indicators } = higher;
  if (resampler.time < higher.wholeFrom) return;
  const { open, high, low, close, volume } = resampler;
  for (let each = 0; each < indicators.length; each += 1) stepIndicator(indicators[each]!, slot, open, high, low, close, volume);
}

function higherOf(known: Map<Timeframe, HigherTimeframe>, base: Timeframe, timeframe: Timeframe): HigherTimeframe {
  const existing = known.get(timeframe);
  if (existing !== undefined) return existing;
  const checked = checkHigherTimeframe(base, timeframe);
  const made = { resampler: new Resampler(base, checked), bucketMs: timeframeMs(checked), indicators: [], wholeFrom: missing };
  known.set(timeframe, made);
  return made;
}

/** The indicators in what `indicators()` returned: a record of indicators, or of records of them. The record is copied and frozen. */
function collect(returned: unknown): { found: StreamingIndicator[]; record: Readonly<Record<string, unknown>> } {
  const found: StreamingIndicator[] = [];
  const record = copyRecord(returned, 'indicators()', 0, found);
  if (found.length > INDICATORS_MAX) throw new RangeError(`A strategy has at most ${INDICATORS_MAX} indicators a symbol.`);
  return { found, record };
}

function copyRecord(value: unknown, path: string, depth: number, found: StreamingIndicator[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || depth > 2) {
    throw new TypeError(`${path} must be a record of indicators made by ratchet/contract.`);
  }
  const record: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (StreamingIndicator.isOne(item)) found.push(item);
    record[name] = StreamingIndicator.isOne(item) ? item : copyRecord(item, `${path}.${name}`, depth + 1, found);
  }
  return Object.freeze(record);
}
