import { isTimeframe, timeframeMs } from '#engine/candles/timeframe.ts';
import { createIntent, type Intent, REASON_MAX_CHARACTERS } from '#engine/contract/intent.ts';
import { floor, isInteger, isMissing, missing } from '#engine/contract/intrinsics.ts';
import type {
  Bar,
  Context,
  Decision,
  Indicator,
  ParameterValues,
  Position,
  Protection,
  Timeframe,
} from '#engine/contract/types.ts';
import type { PositionView } from '#engine/simulation/types.ts';
import { BarView, BarWindow } from './bar-window.ts';

// Bundled into the strategy realm: no Node imports here.

/** The one value `onBar` may return; there is nothing in it. */
const DECISION = Object.freeze({}) as unknown as Decision;

const FLAT: PositionView = Object.freeze({ symbol: '', quantity: 0, entryPrice: 0, barsHeld: 0 });

/** What the host keeps for one symbol. The strategy never holds it: its context reads it through a private field. */
export class SymbolDesk {
  readonly symbol: string;
  readonly baseMs: number;
  readonly window: BarWindow;
  readonly indicators: Readonly<Record<string, unknown>>;
  readonly parameters: ParameterValues;
  readonly intent: Intent = createIntent();
  isDecided = false;
  state: unknown = null;
  /** What is held, as the engine accounts for it; set for each decision. */
  held: PositionView = FLAT;

  constructor(
    symbol: string,
    baseMs: number,
    warmupBars: number,
    indicators: Readonly<Record<string, unknown>>,
    parameters: ParameterValues,
  ) {
    this.symbol = symbol;
    this.baseMs = baseMs;
    this.window = new BarWindow(warmupBars);
    this.indicators = indicators;
    this.parameters = parameters;
  }
}

/** The position as the strategy reads it. */
export class PositionOfSymbol implements Position {
  readonly #desk: SymbolDesk;

  constructor(desk: SymbolDesk) {
    this.#desk = desk;
    Object.freeze(this);
  }

  get isOpen(): boolean {
    return this.#desk.held.quantity > 0;
  }

  get quantity(): number {
    return this.#desk.held.quantity;
  }

  get entryPrice(): number {
    const { held } = this.#desk;
    return held.quantity > 0 ? held.entryPrice : missing;
  }

  get barsHeld(): number {
    const { held } = this.#desk;
    return held.quantity > 0 ? held.barsHeld : 0;
  }

  get openReturn(): number {
    const { window, held } = this.#desk;
    return held.quantity > 0 ? window.close[window.at]! / held.entryPrice - 1 : 0;
  }
}

/** The context of one symbol, the same frozen object on every bar. */
export class StrategyContext implements Context<Record<string, Indicator>, ParameterValues, unknown> {
  readonly #desk: SymbolDesk;
  readonly #window: BarWindow;
  readonly #bar: BarView;
  readonly #position: PositionOfSymbol;
  readonly #past: BarView[] = [];

  constructor(desk: SymbolDesk) {
    this.#desk = desk;
    this.#window = desk.window;
    this.#bar = new BarView(desk.window, 0);
    this.#position = new PositionOfSymbol(desk);
    Object.freeze(this);
  }

  /** Runs the strategy on the newest bar and reads its decision; for the host. */
  static decide(context: StrategyContext, onBar: (context: Context) => Decision): Intent {
    const desk = context.#desk;
    desk.isDecided = false;
    const decision = onBar(context as Context);
    if (decision !== DECISION || !desk.isDecided) {
      throw new TypeError('onBar must return what hold, target, limit, exit or cancel gave it on this bar.');
    }
    return desk.intent;
  }

  get symbol(): string {
    return this.#desk.symbol;
  }

  get bar(): Bar {
    return this.#bar;
  }

  get barCount(): number {
    return this.#window.count;
  }

  get indicators(): Record<string, Indicator> {
    return this.#desk.indicators as Record<string, Indicator>;
  }

  get parameters(): ParameterValues {
    return this.#desk.parameters;
  }

  get position(): Position {
    return this.#position;
  }

  get state(): unknown {
    return this.#desk.state;
  }

  ago(barsAgo: number): Bar {
    // Only a number may be an index: 'length' would tell how far back was ever asked for, which is state.
    const known = typeof barsAgo === 'number' ? this.#past[barsAgo] : undefined;
    if (known !== undefined && barsAgo < this.#window.count) return known;
    return this.#reach(barsAgo);
  }

  closed(timeframe: Timeframe): boolean {
    if (typeof timeframe !== 'string' || !isTimeframe(timeframe))
      throw new RangeError(`There is no timeframe '${String(timeframe)}'.`);
    const { baseMs } = this.#desk;
    const bucketMs = timeframeMs(timeframe);
    const time = this.#bar.time;
    if ((time + baseMs) % bucketMs === 0) return true;
    if (this.#window.count < 2) return false;
    // A bucket whose last bar is missing closes with the first bar after it.
    const before = this.#window.time[this.#window.at - 1]!;
    return floor(before / bucketMs) !== floor(time / bucketMs) && (before + baseMs) % bucketMs !== 0;
  }

  hold(reason: string): Decision {
    return this.#decide('hold', reason);
  }

  exit(reason: string): Decision {
    return this.#decide('exit', reason);
  }

  cancel(reason: string): Decision {
    return this.#decide('cancel', reason);
  }

  target(weight: number, reason: string, protection?: Protection): Decision {
    const { intent } = this.#desk;
    intent.weight = numberOf(weight, 'weight');
    intent.price = missing;
    intent.expiryBars = missing;
    protect(intent, protection);
    return this.#decide('target', reason);
  }

  limit(weight: number, price: number, reason: string, options?: Protection & { readonly expiryBars?: number }): Decision {
    const { intent } = this.#desk;
    intent.weight = numberOf(weight, 'weight');
    intent.price = numberOf(price, 'price');
    intent.expiryBars = optional(options?.expiryBars, 'expiryBars');
    protect(intent, options);
    return this.#decide('limit', reason);
  }

  #decide(action: Intent['action'], reason: string): Decision {
    const desk = this.#desk;
    if (desk.isDecided) throw new TypeError('One bar takes one decision; this is the second.');
    if (typeof reason !== 'string' || reason.length === 0) throw new TypeError(`${action} needs a reason.`);
    desk.isDecided = true;
    desk.intent.action = action;
    desk.intent.reason = reason.length > REASON_MAX_CHARACTERS ? cut(reason) : reason;
    return DECISION;
  }

  #reach(barsAgo: number): Bar {
    const window = this.#window;
    if (!isInteger(barsAgo) || barsAgo < 1)
      throw new RangeError(`ago takes a whole number of bars from 1, not ${String(barsAgo)}.`);
    if (barsAgo > window.reach)
      throw new RangeError(`ago(${barsAgo}) reaches beyond the declared warm-up of ${window.reach} bars.`);
    if (barsAgo >= window.count) throw new RangeError(`ago(${barsAgo}): only ${window.count} bars have closed.`);
    const view = new BarView(window, barsAgo);
    this.#past[barsAgo] = view;
    return view;
  }
}

function protect(intent: Intent, protection: Protection | undefined): void {
  if (protection === undefined) {
    intent.stopLoss = missing;
    intent.takeProfit = missing;
    intent.trailingStop = missing;
    intent.slippageTolerance = missing;
    intent.horizonBars = missing;
    return;
  }
  if (typeof protection !== 'object' || protection === null) throw new TypeError('Protection must be an object.');
  intent.stopLoss = optional(protection.stopLoss, 'stopLoss');
  intent.takeProfit = optional(protection.takeProfit, 'takeProfit');
  intent.trailingStop = optional(protection.trailingStop, 'trailingStop');
  intent.slippageTolerance = optional(protection.slippageTolerance, 'slippageTolerance');
  intent.horizonBars = optional(protection.horizonBars, 'horizonBars');
}

function numberOf(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${value === null ? 'null' : typeof value}.`);
  return value;
}

/** By whole characters: half of a surrogate pair is no text. */
function cut(reason: string): string {
  const last = reason.charCodeAt(REASON_MAX_CHARACTERS - 1);
  const isSplit = last >= 0xd800 && last <= 0xdbff;
  return reason.slice(0, isSplit ? REASON_MAX_CHARACTERS - 1 : REASON_MAX_CHARACTERS);
}

/** NaN stands for "not given"; a NaN that was given must not pass for that, so it becomes a number every check refuses. */
function optional(value: unknown, name: string): number {
  if (value === undefined) return missing;
  const number = numberOf(value, name);
  return isMissing(number) ? Number.NEGATIVE_INFINITY : number;
}
