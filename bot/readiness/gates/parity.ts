import { shortened, visible } from '#bot/evidence/markdown.ts';
import { counted, percent } from '#bot/evidence/numbers.ts';
import { type Judge, notEnough } from './question.ts';

/** Long enough for one trade with all its numbers. */
const FIRST_LENGTH_MAX = 350;

/** Do the same days, replayed through the backtester, give the same? */
export const parity: Judge = ({ figures, limits }) => {
  const { parity: seen } = figures;
  const limit = limits.differences;
  if (seen.state === 'cannot') return notEnough(`Its days were not compared with the backtester: ${seen.why}.`, null, limit);
  const { compared, differences, first, what } = seen;
  const one = what === 'trades' ? 'trade' : 'decision';
  if (compared === 0) return notEnough(`Neither the engine nor the backtester has a ${one} to compare yet.`, null, limit);
  const value = differences / compared;
  const facts = `${differences} of ${counted(compared, one)} differ from the backtester’s`;
  const asked = limit === 0 ? 'none may' : `${percent(limit)} may`;
  const sentence = first === null ? `${facts}.` : `${facts}; ${asked}. First: ${shortened(visible(first), FIRST_LENGTH_MAX)}.`;
  return { verdict: value <= limit ? 'pass' : 'fail', value, limit, sentence };
};
