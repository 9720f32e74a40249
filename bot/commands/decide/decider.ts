import type { Decider } from '#bot/orchestrator/life/decisions.ts';
import type { Invocation } from '../command.ts';

/** Who decides, as it is written down. */
export function deciderOf({ author, permission, commentId }: Invocation): Decider {
  return { by: author, permission, comment: commentId };
}
