import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import { Control, controlPath } from '#engine/runtime/control.ts';
import type { CommandRoom, CommentCommand, Invocation } from '../command.ts';

type Mode = Control['mode'];

/** As much of a reason as the control file takes. */
const REASON_LENGTH_MAX = 300;

/** The four words that hold the engine back or let it go: each writes the control file, and its answer waits for the engine to obey. */
export function order(name: string, mode: Mode, { summary, help }: { summary: string; help: string }): CommentCommand {
  return {
    name,
    usage: `/${name} [REASON]`,
    summary,
    help: `${help} The answer changes when the engine has confirmed it.`,
    permission: 'engine',
    needsPullRequest: false,
    isSlow: false,
    answer: (invocation, room) => giveOrder(mode, invocation, room),
  };
}

async function giveOrder(mode: Mode, invocation: Invocation, { state, orders, clock, api }: CommandRoom): Promise<string> {
  const { author, words, number, commentId } = invocation;
  if (commentId === null) throw new RatchetError('commands/order', 'An order is given in a comment.', `Comment /${mode}.`);
  const { url } = await api.issues.issue(number);
  const said = words.join(' ').slice(0, REASON_LENGTH_MAX);
  // First the note that somebody waits, then the order: a job that is killed between the two runs again and finds the note.
  const now = new Date(clock()).toISOString();
  const { at } = orders.add({ commentId, answerId: await invocation.answerId(), mode, at: now, by: author });
  const control = Control.parse({ mode, by: author, at, reason: said === '' ? `commented on ${url}` : said });
  await state.update(`control: ${mode} by ${author}`, async () => {
    return new Map([[controlPath, Buffer.from(`${canonicalJson(control)}\n`)]]);
  });
  return `⏳ **${mode}** is written on the state branch for @${author}, at ${at}. The engine has not confirmed it yet.`;
}
