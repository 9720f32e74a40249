import { text } from '#bot/evidence/markdown.ts';
import type { IssuesApi } from '#bot/github/issues-api.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { marked } from '../answer.ts';
import type { WaitingOrder, WaitingOrders } from './waiting-orders.ts';

/** Edits the answers of orders that the engine obeys by now, or that a newer one has overtaken. */
export async function confirmOrders(
  status: EngineStatus | null,
  { orders, issues }: { orders: WaitingOrders; issues: Pick<IssuesApi, 'rewriteComment'> },
): Promise<void> {
  if (status === null) return;
  for (const waiting of orders.all()) {
    const sentence = outcomeOf(waiting, status);
    if (sentence === null) continue;
    await issues.rewriteComment(waiting.answerId, marked(sentence, waiting.commentId));
    orders.remove(waiting.commentId);
  }
}

function outcomeOf({ mode, at, by }: WaitingOrder, { control }: EngineStatus): string | null {
  if (control.at === at && control.by === by && control.mode === mode)
    return `✅ The engine has confirmed: **${mode}**, by @${by} at ${at}.`;
  if (Date.parse(control.at) <= Date.parse(at)) return null;
  return `The order **${mode}** of @${by} at ${at} was overtaken: since ${control.at} the engine obeys **${control.mode}**, by ${text(control.by)}.`;
}
