import { type Decision, readDecisions } from '#bot/orchestrator/life/decisions.ts';
import type { CommandRoom, Invocation } from '../command.ts';

/**
 * What this very comment has decided already: its job runs again when the bot ended before it could answer, and must say what came of it
 * then, not that there is nothing left to do. Null the first time, and for a box of the dashboard.
 */
export async function decidedHere(
  kind: Decision['kind'],
  { number, commentId }: Pick<Invocation, 'number' | 'commentId'>,
  { state }: Pick<CommandRoom, 'state'>,
): Promise<Decision | null> {
  if (commentId === null) return null;
  return (await readDecisions(state, number)).find((one) => one.kind === kind && one.comment === commentId) ?? null;
}
