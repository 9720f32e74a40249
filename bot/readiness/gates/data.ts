import { count, counted, percent } from '#bot/evidence/numbers.ts';
import { type Judge, notEnough } from './question.ts';

/** Were the candles good: none missing for long, the newest one new, none taken back? */
export const data: Judge = ({ figures, limits }) => {
  const seen = figures.data;
  if (seen === null) return notEnough('The candles of these days are not at hand.', null, limits.missing);
  if (seen.expected === 0) return notEnough('No bar has closed since it was loaded.', null, limits.missing);
  const value = 1 - seen.present / seen.expected;
  const wrong = [
    ...(value > limits.missing ? [`more than ${percent(limits.missing)} are missing`] : []),
    ...(seen.longestGap > limits.gapBars ? [`a gap may be ${counted(limits.gapBars, 'bar')} long`] : []),
    ...(seen.age > limits.ageBars ? [`the newest may be ${counted(limits.ageBars, 'bar')} old`] : []),
    ...(seen.corrections > limits.corrections ? [`${counted(limits.corrections, 'correction')} are allowed`] : []),
  ];
  const facts = `${count(seen.present)} of ${count(seen.expected)} bars were there (${percent(value)} missing), the longest gap had ${counted(seen.longestGap, 'bar')}, the newest is ${counted(seen.age, 'bar')} old, ${seen.corrections} were corrected`;
  const sentence = wrong.length === 0 ? `${facts}.` : `${facts}: ${wrong.join(', ')}.`;
  return { verdict: wrong.length === 0 ? 'pass' : 'fail', value, limit: limits.missing, sentence };
};
