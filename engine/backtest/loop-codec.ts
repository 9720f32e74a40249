import { ACTIONS, createIntent, INTENT_NUMBERS, type Intent } from '#engine/contract/intent.ts';
import type { ExitCause, Trade } from '#engine/simulation/types.ts';

// Bundled into the strategy realm: no Node imports here. Written and read by the same code on both sides of the pipe.

const EXIT_CAUSES: readonly ExitCause[] = ['decision', 'stop', 'take-profit', 'trailing-stop', 'horizon', 'end-of-data'];

/** Numbers of one trade: eleven of its fields, then symbol, cause, entry reason and exit reason as indices. */
const TRADE_WIDTH = 15;
/** Numbers of one intent: time, symbol, action, reason, then its fields. */
const INTENT_WIDTH = 4 + INTENT_NUMBERS.length;

/** Texts that repeat, by index. */
export class TextTable {
  readonly texts: string[];
  readonly #index = new Map<string, number>();

  constructor() {
    this.texts = [];
  }

  indexOf(text: string): number {
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.#index.set(text, this.texts.length - 1);
    return this.texts.length - 1;
  }
}

export function encodeTrades(trades: readonly Trade[], symbols: readonly string[], texts: TextTable): Float64Array {
  const numbers = new Float64Array(trades.length * TRADE_WIDTH);
  for (let index = 0; index < trades.length; index += 1) {
    const trade = trades[index]!;
    const at = index * TRADE_WIDTH;
    // Field by field: a field by a name from a list costs as much as all of these.
    numbers[at] = trade.entryTime;
    numbers[at + 1] = trade.exitTime;
    numbers[at + 2] = trade.entryPrice;
    numbers[at + 3] = trade.exitPrice;
    numbers[at + 4] = trade.quantity;
    numbers[at + 5] = trade.fees;
    numbers[at + 6] = trade.netResult;
    numbers[at + 7] = trade.netReturn;
    numbers[at + 8] = trade.barsHeld;
    numbers[at + 9] = trade.maxAdverseExcursion;
    numbers[at + 10] = trade.maxFavourableExcursion;
    numbers[at + 11] = symbols.indexOf(trade.symbol);
    numbers[at + 12] = EXIT_CAUSES.indexOf(trade.exitCause);
    numbers[at + 13] = texts.indexOf(trade.entryReason);
    numbers[at + 14] = texts.indexOf(trade.exitReason);
  }
  return numbers;
}

/** @throws RangeError when the numbers are not those of trades in these symbols */
export function decodeTrades(numbers: Float64Array, symbols: readonly string[], texts: readonly string[]): Trade[] {
  if (numbers.length % TRADE_WIDTH !== 0) throw new RangeError('the trades are cut off');
  for (let at = 0; at < numbers.length; at += 1) {
    if (!Number.isFinite(numbers[at])) throw new RangeError('a trade holds a number that is not finite');
  }
  const trades: Trade[] = [];
  for (let at = 0; at < numbers.length; at += TRADE_WIDTH) {
    trades.push({
      symbol: pick(symbols, numbers[at + 11]!),
      entryTime: numbers[at]!,
      exitTime: numbers[at + 1]!,
      entryPrice: numbers[at + 2]!,
      exitPrice: numbers[at + 3]!,
      quantity: numbers[at + 4]!,
      fees: numbers[at + 5]!,
      netResult: numbers[at + 6]!,
      netReturn: numbers[at + 7]!,
      barsHeld: numbers[at + 8]!,
      maxAdverseExcursion: numbers[at + 9]!,
      maxFavourableExcursion: numbers[at + 10]!,
      entryReason: pick(texts, numbers[at + 13]!),
      exitReason: pick(texts, numbers[at + 14]!),
      exitCause: pick(EXIT_CAUSES, numbers[at + 12]!),
      version: '',
    });
  }
  return trades;
}

/** Every intent of a run, in order: enough to make the run again without the strategy's code. */
export class TapeWriter {
  readonly #texts: TextTable;
  #numbers = new Float64Array(1024 * INTENT_WIDTH);
  #length = 0;

  constructor(texts: TextTable) {
    this.#texts = texts;
  }

  add(time: number, index: number, intent: Intent): void {
    if (this.#length + INTENT_WIDTH > this.#numbers.length) {
      const grown = new Float64Array(this.#numbers.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    const numbers = this.#numbers;
    const at = this.#length;
    numbers[at] = time;
    numbers[at + 1] = index;
    numbers[at + 2] = ACTIONS.indexOf(intent.action);
    numbers[at + 3] = this.#texts.indexOf(intent.reason);
    for (let field = 0; field < INTENT_NUMBERS.length; field += 1) numbers[at + 4 + field] = intent[INTENT_NUMBERS[field]!];
    this.#length += INTENT_WIDTH;
  }

  numbers(): Float64Array {
    return this.#numbers.slice(0, this.#length);
  }
}

/** Reads a tape from front to back. */
export class TapeReader {
  readonly #numbers: Float64Array;
  readonly #texts: readonly string[];
  readonly #intent = createIntent();
  #at = 0;

  constructor(numbers: Float64Array, texts: readonly string[]) {
    if (numbers.length % INTENT_WIDTH !== 0) throw new RangeError('the tape is cut off');
    this.#numbers = numbers;
    this.#texts = texts;
  }

  /** The intent of this symbol on the bar that opened at `time`, or null when it asked for nothing. */
  next(time: number, index: number): Intent | null {
    const numbers = this.#numbers;
    const at = this.#at;
    if (at >= numbers.length || numbers[at] !== time || numbers[at + 1] !== index) return null;
    this.#at = at + INTENT_WIDTH;
    const intent = this.#intent;
    intent.action = pick(ACTIONS, numbers[at + 2]!);
    intent.reason = pick(this.#texts, numbers[at + 3]!);
    for (let field = 0; field < INTENT_NUMBERS.length; field += 1) intent[INTENT_NUMBERS[field]!] = numbers[at + 4 + field]!;
    return intent;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#numbers.length;
  }
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`index ${index} names nothing`);
  return item;
}
