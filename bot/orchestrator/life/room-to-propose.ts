import { counted } from '#bot/evidence/numbers.ts';
import { LIFE_PATH, type LifePolicy } from '#bot/gates/life-policy.ts';
import type { ListedPull } from '#bot/github/listed-pull.ts';
import { isProposal } from '../propose.ts';
import { ROLL_BACK, STAGE } from './on-demand.ts';

const HOUR_MS = 3_600_000;

/**
 * Why another proposal would be one too many, in one sentence; null while there is room.
 * @param pulls the newest pull requests, whoever's @param own the branch that asks: what it has opened already does not count
 * @param now wall clock, UTC milliseconds
 */
export function whyNoRoom(policy: LifePolicy, pulls: readonly ListedPull[], own: string, now: number): string | null {
  const others = pulls.filter(({ headRef }) => headRef !== own);
  const proposals = others.filter(({ headRef }) => isProposal(headRef));
  const open = proposals.filter(({ state }) => state === 'open').length;
  const { proposals: limit } = policy;
  if (open >= limit.open) return `${counted(open, 'proposal')} wait already, as many as ${LIFE_PATH} allows at once.`;
  const opened = others.filter(({ headRef, openedAt }) => isBots(headRef) && now - Date.parse(openedAt) < HOUR_MS).length;
  if (opened < limit.perHour) return null;
  return `${counted(opened, 'pull request')} were opened within the last hour, as many as ${LIFE_PATH} allows.`;
}

function isBots(branch: string): boolean {
  return isProposal(branch) || [ROLL_BACK, STAGE].some((folder) => branch.startsWith(`${folder}/`));
}
