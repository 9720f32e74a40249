import type { Pack } from '#bot/evidence/pack.ts';
import { comparison } from '#bot/evidence/sections/comparison.ts';
import { costs } from '#bot/evidence/sections/costs.ts';
import { knowledge } from '#bot/evidence/sections/knowledge.ts';
import { robustness } from '#bot/evidence/sections/robustness.ts';
import { statistics } from '#bot/evidence/sections/statistics.ts';
import { trials } from '#bot/evidence/sections/trials.ts';
import { walkForward } from '#bot/evidence/sections/walk-forward.ts';

/** The numbers of a pack as people see them, and nothing that its author said: no hypothesis, no list of changes, no wager. */
export function shownEvidence(pack: Pack): string {
  return [comparison, statistics, costs, robustness, walkForward, trials, knowledge]
    .map((section) => section(pack))
    .filter((markdown) => markdown !== '')
    .join('\n\n');
}
