import type { Pack } from '#bot/evidence/pack.ts';
import { comparison } from '#bot/evidence/sections/comparison.ts';
import { costs } from '#bot/evidence/sections/costs.ts';
import { knowledge } from '#bot/evidence/sections/knowledge.ts';
import { robustness } from '#bot/evidence/sections/robustness.ts';
import { statistics } from '#bot/evidence/sections/statistics.ts';
import { trials } from '#bot/evidence/sections/trials.ts';
import { walkForward } from '#bot/evidence/sections/walk-forward.ts';
import type { Mask } from '../mask.ts';

/**
 * The numbers of a pack as people see them, and nothing that its author said: no hypothesis, no list of changes, no wager. Behind a mask
 * that moves dates, not up to when a model has read of the world: who knows that of itself would know by how much all days were moved.
 */
export function shownEvidence(pack: Pack, mask: Mask): string {
  const sections = [comparison, statistics, costs, robustness, walkForward, trials, ...(mask.movesDates ? [] : [knowledge])];
  const markdown = sections.map((section) => section(pack)).filter((text) => text !== '');
  return mask.blur(markdown.join('\n\n'));
}
