import { counted, percent } from '#bot/evidence/numbers.ts';
import { totalReturn } from '#engine/statistics/return-statistics.ts';
import { type Judge, notEnough, tooLittle } from './question.ts';

/** Is what it earned spread over its days, or one lucky week? Sub-periods of the same length begin a day apart. */
export const stability: Judge = (question) => {
  const { figures, limits } = question;
  const few = tooLittle(question);
  const daily = figures.result?.daily ?? [];
  const windows = daily.length - limits.windowDays + 1;
  if (few !== null || windows < 1) {
    const short = `${counted(daily.length, 'day')} hold no period of ${counted(limits.windowDays, 'day')}.`;
    return notEnough(few ?? short, null, limits.windowsUp);
  }
  const sums = Array.from({ length: windows }, (_, from) => totalReturn(daily.slice(from, from + limits.windowDays)));
  const up = sums.filter((sum) => sum >= 0).length;
  const value = up / windows;
  const sentence = `${up} of ${counted(windows, 'period')} of ${counted(limits.windowDays, 'day')} lost nothing (${percent(value)}; ${percent(limits.windowsUp)} is asked); the worst made ${percent(Math.min(...sums))}.`;
  return { verdict: value >= limits.windowsUp ? 'pass' : 'fail', value, limit: limits.windowsUp, sentence };
};
