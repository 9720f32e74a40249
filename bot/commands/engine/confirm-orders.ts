import { text } from '#bot/evidence/markdown.ts';
import type { IssuesApi } from '#bot/github/issues-api.ts';
import { statusBehind } from '#bot/github/refusal.ts';
import type { Control } from '#engine/runtime/control.ts';
import type { EngineStatus } from '#engine/runtime/status.ts';
import { marked } from '../answer.ts';
import type { WaitingOrder, WaitingOrders } from './waiting-orders.ts';

/**
 * Edits the answers of orders that the engine obeys by now, or that another one has overtaken.
 * @param asked what the control file says; null, or left out, when it says nothing that can be read
 */
export async function confirmOrders(
  status: EngineStatus | null,
  { orders, issues, asked = null }: { orders: WaitingOrders; issues: Pick<IssuesApi, 'rewriteComment'>; asked?: Control | null },
): Promise<void> {
  if (status === null) return;
  for (const waiting of orders.all()) {
    const sentence = outcomeOf(waiting, status, asked);
    if (sentence === null) continue;
    await rewrite(waiting, sentence, issues);
    orders.settle(waiting.commentId, sentence);
  }
}

/** An answer that somebody has removed stands in nobody's way. */
async function rewrite(
  { answerId, commentId }: WaitingOrder,
  sentence: string,
  issues: Pick<IssuesApi, 'rewriteComment'>,
): Promise<void> {
  try {
    await issues.rewriteComment(answerId, marked(sentence, commentId));
  } catch (error) {
    if (![404, 410].includes(statusBehind(error) ?? 0)) throw error;
  }
}

function outcomeOf(waiting: WaitingOrder, { control }: EngineStatus, asked: Control | null): string | null {
  const { mode, at, by } = waiting;
  const isAsked = asked !== null && isOrder(asked, waiting);
  if (isOrder(control, waiting) || (isAsked && isHeard(control, asked)))
    return `✅ The engine has confirmed: **${mode}**, by @${by} at ${at}.`;
  // While it stands in the file the engine has not looked yet, whatever date the order has that it obeys.
  if (isAsked) return null;
  const isOvertaken = asked === null ? Date.parse(control.at) > Date.parse(at) : isHeard(control, asked);
  if (!isOvertaken) return null;
  return `The order **${mode}** of @${by} at ${at} was overtaken: since ${control.at} the engine obeys **${control.mode}**, by ${text(control.by)}.`;
}

function isOrder(control: Control, { mode, at, by }: Pick<WaitingOrder, 'mode' | 'at' | 'by'>): boolean {
  return control.mode === mode && control.at === at && control.by === by;
}

/** An engine whose clock is behind dates what it hears by that clock. */
function isHeard(control: Control, asked: Control): boolean {
  const isSame = control.mode === asked.mode && control.by === asked.by && control.reason === asked.reason;
  return isSame && Date.parse(control.at) <= Date.parse(asked.at);
}
