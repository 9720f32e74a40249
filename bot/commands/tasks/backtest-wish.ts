import { RatchetError } from '#engine/errors.ts';
import { quoted } from '../quoted.ts';

/** What a `/backtest` asks for, beyond what main's yardstick says. */
export interface BacktestWish {
  readonly strategy: string | undefined;
  /** UTC milliseconds, the beginning of a day. */
  readonly from: number | null;
  /** UTC milliseconds, the end of a day. */
  readonly to: number | null;
  /** Ratio of the amount traded. */
  readonly feeRate: number | null;
  readonly slippageRate: number | null;
  readonly delayBars: number;
  readonly parameters: Readonly<Record<string, number>>;
}

const DAY_MS = 86_400_000;
const WORDS_MAX = 30;
const DELAY_MAX = 100;

/** @throws RatchetError `commands/backtest` naming the word that cannot be read */
export function backtestWish(words: readonly string[]): BacktestWish {
  if (words.length > WORDS_MAX) throw wrong(`It has ${words.length} words.`, `At most ${WORDS_MAX} are read.`);
  const values = new Map<string, string>();
  for (const word of words) {
    const [, key, value] = /^([A-Za-z][A-Za-z0-9-]{0,40})=(\S{1,60})$/.exec(word) ?? [];
    if (key === undefined || value === undefined) throw wrong(`${quoted(word)} is not key=value.`, 'Write it like `fast=12`.');
    if (values.has(key)) throw wrong(`It says ${key} twice.`, 'Say it once.');
    values.set(key, value);
  }
  const take = (key: string): string | undefined => {
    const value = values.get(key);
    values.delete(key);
    return value;
  };
  const [from, to] = [take('from'), take('to')];
  const wish = {
    strategy: take('strategy'),
    from: from === undefined ? null : dayOf('from', from),
    to: to === undefined ? null : dayOf('to', to) + DAY_MS,
    feeRate: ratioOf('fee-rate', take('fee-rate')),
    slippageRate: ratioOf('slippage', take('slippage')),
    delayBars: delayOf(take('delay')),
  };
  // Not by assignment: that would swallow a name like __proto__ without a word.
  return { ...wish, parameters: Object.fromEntries([...values].map(([key, value]) => [key, numberOf(key, value)])) };
}

function dayOf(key: string, value: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(time) && new Date(time).toISOString().startsWith(value)) return time;
  throw wrong(`${key} is no day.`, 'Write it like `from=2024-01-31`.');
}

function ratioOf(key: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const ratio = numberOf(key, value);
  if (ratio >= 0 && ratio < 1) return ratio;
  throw wrong(`${key} is no ratio from 0 to below 1.`, 'A tenth of a per cent is 0.001.');
}

function delayOf(value: string | undefined): number {
  const delay = value === undefined ? 0 : numberOf('delay', value);
  if (Number.isInteger(delay) && delay >= 0 && delay <= DELAY_MAX) return delay;
  throw wrong('delay is no number of bars.', `Give a whole number up to ${DELAY_MAX}.`);
}

function numberOf(key: string, value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number)) return number;
  throw wrong(`${key} is no number.`, 'Write it like `fast=12`.');
}

function wrong(message: string, remedy: string): RatchetError {
  return new RatchetError('commands/backtest', message, remedy);
}
