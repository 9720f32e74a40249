import { ACTIONS, createIntent, INTENT_NUMBERS, type Intent } from '#engine/contract/intent.ts';
import type { ExitCause, Trade } from '#engine/simulation/types.ts';
import { emptyFigures, type TradeFigures } from './metrics/trade-figures.ts';

// Bundled into the strategy realm: no Node imports here. Written and read by the same code on both sides of the pipe.

const EXIT_CAUSES: readonly ExitCause[] = ['decision', 'stop', 'take-profit', 'trailing-stop', 'horizon', 'end-of-data'];

/** Numbers of one trade: eleven of its fields, then symbol, cause, entry reason and exit reason as indices. */
const TRADE_WIDTH = 15;
/** Numbers of one intent: time, symbol, action, reason, then its fields. */
const INTENT_WIDTH = 4 + INTENT_NUMBERS.length;

const FEW_TEXTS = 8;

/** Texts that repeat, by index. */
export class TextTable {
  readonly texts: string[];
  readonly #index = new Map<string, number>();

  constructor() {
    this.texts = [];
  }

  indexOf(text: string): number {
    // The first few are most of what is asked for, and quicker compared than hashed.
    const { texts } = this;
    for (let index = 0; index < texts.length && index < FEW_TEXTS; index += 1) if (texts[index] === text) return index;
    const known = this.#index.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.#index.set(text, this.texts.length - 1);
    return this.texts.length - 1;
  }
}

/** Trades as numbers, as they close. */
export class TradeWriter {
  readonly #symbols: readonly string[];
  readonly #texts: TextTable;
  readonly #rows = new GrowingRows(TRADE_WIDTH);

  constructor(symbols: readonly string[], texts: TextTable) {
    this.#symbols = symbols;
    this.#texts = texts;
  }

  add(trade: Trade): void {
    const at = this.#rows.next();
    const { numbers } = this.#rows;
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
    numbers[at + 11] = this.#symbols.indexOf(trade.symbol);
    numbers[at + 12] = EXIT_CAUSES.indexOf(trade.exitCause);
    numbers[at + 13] = this.#texts.indexOf(trade.entryReason);
    numbers[at + 14] = this.#texts.indexOf(trade.exitReason);
  }

  numbers(): Float64Array {
    return this.#rows.all();
  }
}

/** Trades as they came over the pipe. A search reads their figures and no trade, so those are made when somebody asks. */
export class TradeRows {
  readonly #numbers: Float64Array;
  readonly #symbols: readonly string[];
  readonly #texts: readonly string[];
  #trades: readonly Trade[] | undefined;

  /** @throws RangeError when the numbers are not those of trades in these symbols */
  constructor(numbers: Float64Array, symbols: readonly string[], texts: readonly string[]) {
    if (numbers.length % TRADE_WIDTH !== 0) throw new RangeError('the trades are cut off');
    for (let at = 0; at < numbers.length; at += 1) {
      if (!Number.isFinite(numbers[at])) throw new RangeError('a trade holds a number that is not finite');
    }
    for (let at = 0; at < numbers.length; at += TRADE_WIDTH) {
      requireIndex(numbers[at + 11]!, symbols);
      requireIndex(numbers[at + 12]!, EXIT_CAUSES);
      requireIndex(numbers[at + 13]!, texts);
      requireIndex(numbers[at + 14]!, texts);
    }
    this.#numbers = numbers;
    this.#symbols = symbols;
    this.#texts = texts;
  }

  figures(): TradeFigures {
    const numbers = this.#numbers;
    const figures = emptyFigures(numbers.length / TRADE_WIDTH);
    for (let row = 0; row < figures.count; row += 1) {
      const at = row * TRADE_WIDTH;
      figures.fees[row] = numbers[at + 5]!;
      figures.netResults[row] = numbers[at + 6]!;
      figures.netReturns[row] = numbers[at + 7]!;
      figures.barsHeld[row] = numbers[at + 8]!;
      figures.adverse[row] = numbers[at + 9]!;
      figures.favourable[row] = numbers[at + 10]!;
    }
    return figures;
  }

  get trades(): readonly Trade[] {
    this.#trades ??= this.#decode();
    return this.#trades;
  }

  #decode(): Trade[] {
    const numbers = this.#numbers;
    const trades: Trade[] = [];
    for (let at = 0; at < numbers.length; at += TRADE_WIDTH) {
      trades.push({
        symbol: pick(this.#symbols, numbers[at + 11]!),
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
        entryReason: pick(this.#texts, numbers[at + 13]!),
        exitReason: pick(this.#texts, numbers[at + 14]!),
        exitCause: pick(EXIT_CAUSES, numbers[at + 12]!),
        version: '',
      });
    }
    return trades;
  }
}

/** Every intent of a run, in order: enough to make the run again without the strategy's code. */
export class TapeWriter {
  readonly #texts: TextTable;
  readonly #rows = new GrowingRows(INTENT_WIDTH);

  constructor(texts: TextTable) {
    this.#texts = texts;
  }

  add(time: number, index: number, intent: Intent): void {
    const at = this.#rows.next();
    const { numbers } = this.#rows;
    numbers[at] = time;
    numbers[at + 1] = index;
    numbers[at + 2] = ACTIONS.indexOf(intent.action);
    numbers[at + 3] = this.#texts.indexOf(intent.reason);
    for (let field = 0; field < INTENT_NUMBERS.length; field += 1) numbers[at + 4 + field] = intent[INTENT_NUMBERS[field]!];
  }

  numbers(): Float64Array {
    return this.#rows.all();
  }
}

/** Rows of numbers, one behind the other, with room for more. */
class GrowingRows {
  numbers: Float64Array;
  readonly #width: number;
  #length = 0;

  constructor(width: number) {
    this.#width = width;
    this.numbers = new Float64Array(1024 * width);
  }

  /** Where the next row begins in `numbers`, which is another array when it had to grow. */
  next(): number {
    const at = this.#length;
    this.#length += this.#width;
    if (this.#length > this.numbers.length) {
      const grown = new Float64Array(this.numbers.length * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    return at;
  }

  all(): Float64Array {
    return this.numbers.subarray(0, this.#length);
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
  requireIndex(index, list);
  return list[index]!;
}

function requireIndex(index: number, list: readonly unknown[]): void {
  if (!Number.isInteger(index) || index < 0 || index >= list.length) throw new RangeError(`index ${index} names nothing`);
}
