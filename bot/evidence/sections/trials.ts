import { count, counted, points } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** How hard was searched, and what that does to trust, in words a person without statistics can use. */
export function trials(pack: Pack): string {
  const { trials: tonight, trialsEver, trialsEffective } = pack.search;
  return [
    '### How many were tried',
    '',
    `This night tried **${counted(tonight, 'configuration')}**; all nights together **${count(trialsEver)}**, failures included; counting those that move alike as one, they are **${counted(trialsEffective, 'idea')}**.`,
    '',
    luck(trialsEver),
    '',
    shrinkage(pack),
  ].join('\n');
}

/** The best of N worthless tries has a result that one worthless try reaches once in N: the plainest form of deflation. */
function luck(ever: number): string {
  if (ever === 1) return 'One try leaves no room for picking the luckiest: the result can be taken as it stands.';
  return `Whoever tries ${count(ever)} times finds something that looks good: if none of them were worth anything, the luckiest would still show a result that a single try reaches only once in ${count(ever)} times. So the development numbers flatter by construction; the selection data, which the search did not see, is what to believe, and the deflated Sharpe ratio above takes this luck off.`;
}

function shrinkage(pack: Pack): string {
  const development = pack.candidate.development.metrics.netReturn - pack.incumbent.development.metrics.netReturn;
  const selection = pack.candidate.selection.metrics.netReturn - pack.incumbent.selection.metrics.netReturn;
  const told = `The lead over the incumbent was ${points(development)} on the data the search saw and ${points(selection)} on the data it did not`;
  return `${told}${kept(development, selection)}`;
}

function kept(development: number, selection: number): string {
  if (selection <= 0) return ': what was found did not carry over.';
  if (development <= 0) return ', so it does not come from fitting the development data.';
  return '. The two spans differ in length and market, so compare the sign before the size.';
}
