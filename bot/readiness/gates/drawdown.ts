import { percent } from '#bot/evidence/numbers.ts';
import { type Judge, notEnough, tooLittle } from './question.ts';

/** Did it fall no deeper than may be risked at the next stage, and than was foretold? */
export const drawdown: Judge = (question) => {
  const { figures, limits, prediction, maxDrawdown } = question;
  const value = figures.result?.maxDrawdown ?? null;
  const allowed = [
    ...(maxDrawdown === null ? [] : [{ of: maxDrawdown, whose: 'policies/risk.yaml allows there' }]),
    ...(prediction === null ? [] : [{ of: prediction.maxDrawdown, whose: 'its evidence foretold as the worst' }]),
  ].toSorted((a, b) => a.of - b.of)[0];
  if (allowed === undefined)
    return notEnough('Nothing says how deep it may fall: no limit is written, and none was foretold.', value);
  const limit = allowed.of * limits.drawdown;
  const few = tooLittle(question);
  if (value === null) return notEnough(few ?? '', null, limit);
  const sentence = `Its deepest fall is ${percent(value)}; ${percent(limit)} is allowed, ${percent(limits.drawdown)} of the ${percent(allowed.of)} that ${allowed.whose}.`;
  if (value > limit) return { verdict: 'fail', value, limit, sentence };
  return few === null ? { verdict: 'pass', value, limit, sentence } : notEnough(few, value, limit);
};
