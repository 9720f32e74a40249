import { count, percent, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** What it promises before it runs, and when the promise is broken. */
export function prediction({ prediction: promised }: Pack): string {
  const heading = ['### What it should do now', ''];
  if (promised === null) return [...heading, 'There is too little to promise anything from.'].join('\n');
  const { days, netReturn, maxDrawdown, killRule } = promised;
  return [
    ...heading,
    `If the days to come are like the selection data, **the next ${count(days)} days bring ${signedPercent(netReturn.low)} to ${signedPercent(netReturn.high)}** (nine times of ten; ${signedPercent(netReturn.median)} in the middle), with a worst drop of no more than ${percent(maxDrawdown)} (nineteen times of twenty).`,
    '',
    `**Kill rule:** take it down when it is ever more than ${percent(killRule.maxDrawdown)} below a peak, or when it has made less than ${signedPercent(killRule.netReturn)} after ${count(killRule.afterDays)} days.`,
    '',
    'It was chosen because it did well on these days, so the promise errs on the bright side.',
  ].join('\n');
}
