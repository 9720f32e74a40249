import { code, table, text } from '#bot/evidence/markdown.ts';
import { decimal } from '#bot/evidence/numbers.ts';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import type { DashboardFacts } from '../facts.ts';

const COLUMNS = [
  { title: 'Strategy', alignment: 'left' },
  { title: 'Stage', alignment: 'left' },
  { title: 'Days', alignment: 'right' },
  { title: 'Next', alignment: 'left' },
  { title: 'Gates', alignment: 'right' },
  { title: 'Weeks', alignment: 'right' },
  { title: '', alignment: 'left' },
] as const;

/** How near each version is to its next stage. Empty before anything was measured. */
export function readinessSection({ forward }: Pick<DashboardFacts, 'forward'>): string {
  const title = '## Readiness';
  if (!forward.ok) return `${title}\n\n${text(forward.why)}`;
  if (forward.value.length === 0) return '';
  const hint = 'What each gate saw: `/readiness STRATEGY`, or `ratchet readiness`.';
  return `${title}\n\n${hint}\n\n${table(COLUMNS, forward.value.map(rowOf))}`;
}

function rowOf({ strategy, stage, days, readiness }: ForwardEvidence): readonly string[] {
  const begun = [code(strategy), stage, decimal(days, 1)];
  if (readiness === null) return [...begun, '', '', '', 'Nothing is asked of it.'];
  const { target, gates, weeksHeld, weeksAsked } = readiness;
  const passed = gates.filter(({ verdict }) => verdict === 'pass').length;
  return [...begun, target, `${passed} of ${gates.length}`, `${weeksHeld} of ${weeksAsked}`, whatIsMissing(readiness)];
}

function whatIsMissing({ gates, isReady, obstacle }: NonNullable<ForwardEvidence['readiness']>): string {
  if (isReady) return obstacle === null ? '**ready**' : `ready, and not proposed: ${text(obstacle)}`;
  const named = (wanted: string): string => gates.flatMap(({ gate, verdict }) => (verdict === wanted ? [gate] : [])).join(', ');
  const [failed, lacking] = [named('fail'), named('not-enough')];
  const parts = [...(failed === '' ? [] : [`fails: ${failed}`]), ...(lacking === '' ? [] : [`too little to say: ${lacking}`])];
  return parts.join('; ');
}
