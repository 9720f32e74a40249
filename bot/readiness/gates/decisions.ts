import { count, counted, percent } from '#bot/evidence/numbers.ts';
import { type Judge, notEnough } from './question.ts';

/** Did it decide on every bar that it was due to decide on, and without a fault? */
export const decisions: Judge = ({ figures, limits }) => {
  const { decisions: own, faults } = figures;
  if (own === null)
    return notEnough('Nobody can say on how many bars it was due: its days cannot be replayed.', null, limits.decided);
  if (own.due === 0) return notEnough('No bar has closed since it was loaded.', null, limits.decided);
  const value = own.made / own.due;
  const bars = `It decided on ${count(own.made)} of ${count(own.due)} bars (${percent(value)}; ${percent(limits.decided)} is asked)`;
  const sentence = faults === 0 ? `${bars}, without a fault.` : `${bars}, with ${counted(faults, 'fault')}; none is allowed.`;
  return { verdict: value >= limits.decided && faults === 0 ? 'pass' : 'fail', value, limit: limits.decided, sentence };
};
