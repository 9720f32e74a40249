import { percent } from '#bot/evidence/numbers.ts';
import { type Judge, notEnough } from './question.ts';

/** Did the engine run? By the clock on the wall: weekends count, and so do nights. */
export const uptime: Judge = ({ figures, limits }) => {
  const { uptime: value } = figures;
  if (value === null) return notEnough('No time has passed since it was loaded.', null, limits.uptime);
  const sentence = `The engine ran ${percent(value)} of the time since it was loaded; ${percent(limits.uptime)} is asked.`;
  return { verdict: value >= limits.uptime ? 'pass' : 'fail', value, limit: limits.uptime, sentence };
};
