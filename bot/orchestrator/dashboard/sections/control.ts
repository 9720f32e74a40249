import { text } from '#bot/evidence/markdown.ts';
import { orderText } from '#bot/orchestrator/engine-watch.ts';
import { isSameOrder } from '#engine/runtime/control.ts';
import type { DashboardFacts } from '../facts.ts';

/** Whether the engine is held back, by whom, and whether it has heard of the last order. */
export function controlSection({ status, control }: Pick<DashboardFacts, 'status' | 'control'>): string {
  const title = '## Control';
  const obeyed = status.ok ? (status.value?.control ?? null) : null;
  const lines = [obeyed === null ? 'The engine has not said which order it obeys.' : `The engine obeys: ${orderText(obeyed)}.`];
  if (!control.ok) lines.push(text(control.why));
  else if (control.value !== null && (obeyed === null || !isSameOrder(control.value, obeyed)))
    lines.push(`Asked for and not yet confirmed: ${orderText(control.value)}.`);
  return `${title}\n\n${lines.join('\n\n')}`;
}
