import { counted } from '#bot/evidence/numbers.ts';
import type { DashboardFacts } from '../facts.ts';

/** Nights that count as lately. */
const NIGHTS = 7;

/** What nights cost, in trials; tokens of a model that people ask stand in the workspace. Empty while there was no night. */
export function costSection({ nights }: Pick<DashboardFacts, 'nights'>): string {
  if (!nights.ok || nights.value.length === 0) return '';
  const lately = nights.value.slice(-NIGHTS);
  const sum = (of: 'planned' | 'rejected' | 'asked'): number => lately.reduce((total, night) => total + night[of], 0);
  const asked = `${counted(sum('asked'), 'question')} to the selection data`;
  return `## Cost\n\n${lately.length === 1 ? 'The last night' : `The last ${lately.length} nights`} took ${counted(sum('planned'), 'trial')}, ${sum('rejected')} of which were refused before they ran, and ${asked}.`;
}
