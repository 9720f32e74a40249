import { dividesTimeframe, isTimeframe, timeframes } from '#engine/candles/timeframe.ts';
import { quoteProblem } from '#engine/contract/quote-asset.ts';
import type { Context, Decision, ParameterRange, ParameterRanges, ParameterValues, Timeframe } from '#engine/contract/types.ts';

// Bundled into the strategy realm: no Node imports here.

const SYMBOLS_MAX = 64;
const PARAMETERS_MAX = 64;
const WARMUP_MAX_BARS = 1_000_000;
const SYMBOL = /^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/;
export const PARAMETER_NAME = /^[a-z][A-Za-z0-9]{0,40}$/;

type Callable = (...inputs: never[]) => unknown;

/** A definition as the host uses it: every field read once and checked, so that nothing the module does later can change it. */
export interface CheckedDefinition {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly parameters: ParameterRanges;
  readonly warmupBars: (parameters: ParameterValues) => unknown;
  readonly indicators: (parameters: ParameterValues) => unknown;
  readonly stateVersion: number | null;
  readonly initialState: (() => unknown) | null;
  readonly migrateState: ((old: unknown, version: number) => unknown) | null;
  readonly onBar: (context: Context) => Decision;
}

/** @throws TypeError or RangeError with one sentence that names the field */
export function checkDefinition(module: unknown): CheckedDefinition {
  const definition = recordOf(module, 'The strategy module has no default export; write `export default defineStrategy({ … })`.');
  const timeframe = definition.timeframe;
  if (typeof timeframe !== 'string' || !isTimeframe(timeframe))
    throw new RangeError(`timeframe must be one of ${timeframes.join(', ')}.`);
  const state =
    definition.state === undefined ? null : recordOf(definition.state, 'state must be { version, initial, migrate? }.');
  return Object.freeze({
    symbols: checkSymbols(definition.symbols),
    timeframe,
    parameters: checkParameters(definition.parameters),
    warmupBars: callable<CheckedDefinition['warmupBars']>(definition.warmupBars, 'warmupBars'),
    indicators: callable<CheckedDefinition['indicators']>(definition.indicators, 'indicators'),
    stateVersion: state === null ? null : checkVersion(state.version),
    initialState: state === null ? null : callable<() => unknown>(state.initial, 'state.initial'),
    migrateState:
      state === null || state.migrate === undefined
        ? null
        : callable<(old: unknown, version: number) => unknown>(state.migrate, 'state.migrate'),
    onBar: callable<CheckedDefinition['onBar']>(definition.onBar, 'onBar'),
  });
}

/**
 * The values a run uses: the given ones, the defaults for the rest, each snapped to its range's grid.
 * @throws RangeError for an unknown name or a value outside its range
 */
export function resolveParameters(ranges: ParameterRanges, given: Readonly<Record<string, number>>): ParameterValues {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(ranges, name))
      throw new RangeError(`There is no parameter '${name}'; there are ${Object.keys(ranges).join(', ')}.`);
  }
  const values: Record<string, number> = {};
  for (const [name, range] of Object.entries(ranges)) {
    const value = Object.hasOwn(given, name) ? given[name]! : range.default;
    if (!(value >= range.min && value <= range.max)) {
      throw new RangeError(`Parameter ${name} is ${String(value)}, outside its range of ${range.min} to ${range.max}.`);
    }
    values[name] = snapToRange(range, value);
  }
  return Object.freeze(values);
}

/** The nearest `min + k·step` that does not exceed `max`, free of the dust of binary fractions. */
export function snapToRange(range: ParameterRange, value: number): number {
  const last = Math.floor((range.max - range.min) / range.step + 1e-9);
  const count = Math.min(last, Math.round((value - range.min) / range.step));
  const decimals = Math.min(12, Math.max(decimalsOf(range.min), decimalsOf(range.step)));
  return Number((range.min + count * range.step).toFixed(decimals));
}

/** @throws RangeError when the strategy's answer is no whole number from 0 to 1,000,000 */
export function checkWarmup(bars: unknown): number {
  if (typeof bars === 'number' && Number.isInteger(bars) && bars >= 0 && bars <= WARMUP_MAX_BARS) return bars;
  throw new RangeError(`warmupBars must give a whole number of bars up to ${WARMUP_MAX_BARS}, not ${String(bars)}.`);
}

/** @throws RangeError when bars of the base timeframe do not add up to it */
export function checkHigherTimeframe(base: Timeframe, higher: Timeframe): Timeframe {
  if (typeof higher !== 'string' || !isTimeframe(higher)) throw new RangeError(`There is no timeframe '${String(higher)}'.`);
  if (higher === base || !dividesTimeframe(base, higher)) throw new RangeError(`${base} bars do not add up to ${higher} bars.`);
  return higher;
}

function checkSymbols(symbols: unknown): readonly string[] {
  if (!Array.isArray(symbols) || symbols.length === 0 || symbols.length > SYMBOLS_MAX) {
    throw new RangeError(`symbols must be a list of 1 to ${SYMBOLS_MAX} markets such as 'BTC/USDT'.`);
  }
  const names = symbols.map((symbol: unknown) => {
    if (typeof symbol !== 'string' || !SYMBOL.test(symbol))
      throw new RangeError(`'${String(symbol)}' is not a market such as 'BTC/USDT'.`);
    return symbol;
  });
  if (new Set(names).size !== names.length) throw new RangeError('symbols names a market twice.');
  const problem = quoteProblem(names);
  if (problem !== null) throw new RangeError(`symbols cannot be traded together: ${problem}.`);
  return Object.freeze(names);
}

function checkParameters(parameters: unknown): ParameterRanges {
  const ranges = recordOf(parameters, 'parameters must be a record of ranges.');
  const names = Object.keys(ranges);
  if (names.length > PARAMETERS_MAX) throw new RangeError(`A strategy has at most ${PARAMETERS_MAX} parameters.`);
  const checked: Record<string, ParameterRange> = {};
  for (const name of names) {
    if (!PARAMETER_NAME.test(name)) throw new RangeError(`'${name}' is no name for a parameter; write it like fastBars.`);
    checked[name] = checkRange(name, recordOf(ranges[name], `Parameter ${name} must be a range.`));
  }
  return Object.freeze(checked);
}

function checkRange(name: string, range: Record<string, unknown>): ParameterRange {
  const { default: byDefault, min, max, step, description } = range;
  for (const number of [byDefault, min, max, step]) {
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new RangeError(`Parameter ${name} needs finite default, min, max and step.`);
  }
  const [initial, low, high, pace] = [byDefault, min, max, step] as [number, number, number, number];
  if (!(low <= initial && initial <= high))
    throw new RangeError(`Parameter ${name}: the default ${initial} is not within ${low} to ${high}.`);
  if (!(pace > 0)) throw new RangeError(`Parameter ${name}: the step must be above zero.`);
  if (typeof description !== 'string' || description.length === 0 || description.length > 200) {
    throw new RangeError(`Parameter ${name} needs a description of at most 200 characters.`);
  }
  return Object.freeze({ default: initial, min: low, max: high, step: pace, description });
}

function checkVersion(version: unknown): number {
  if (typeof version === 'number' && Number.isInteger(version) && version >= 0) return version;
  throw new RangeError('state.version must be a whole number.');
}

function recordOf(value: unknown, complaint: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(complaint);
  return value as Record<string, unknown>;
}

function callable<F extends Callable>(value: unknown, name: string): F {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function.`);
  return value as F;
}

function decimalsOf(value: number): number {
  const text = String(value);
  const exponent = text.indexOf('e-');
  if (exponent >= 0) return Number(text.slice(exponent + 2)) + (text.slice(0, exponent).split('.')[1]?.length ?? 0);
  return text.split('.')[1]?.length ?? 0;
}
