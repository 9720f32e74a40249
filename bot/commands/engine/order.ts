import { text } from '#bot/evidence/markdown.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import { Control, controlPath } from '#engine/runtime/control.ts';
import type { CommandRoom, CommentCommand, Invocation } from '../command.ts';
import { orderIn } from './order-in.ts';

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
    wordsMax: Number.POSITIVE_INFINITY,
    lane: 'answers',
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
  const noted = orders.add({ commentId, answerId: await invocation.answerId(), mode, at: now, by: author });
  if (noted.outcome !== null) return noted.outcome;
  const { at } = noted;
  const control = Control.parse({ mode, by: author, at, reason: said === '' ? `commented on ${url}` : said });
  const newer: Control[] = [];
  await state.update(`control: ${mode} by ${author}`, async (current) => {
    const standing = givenBetween(await current.readText(controlPath), at, clock());
    newer.splice(0, 1, ...(standing === null ? [] : [standing]));
    return standing === null ? new Map([[controlPath, Buffer.from(`${canonicalJson(control)}\n`)]]) : new Map();
  });
  const [overtaker] = newer;
  if (overtaker !== undefined) {
    const outcome = `The order **${mode}** of @${author} at ${at} came to nothing: before it could be written, at ${overtaker.at}, ${text(overtaker.by)} said **${overtaker.mode}**. Give it again if it is still wanted.`;
    orders.settle(commentId, outcome);
    return outcome;
  }
  orders.written(commentId);
  return `⏳ **${mode}** is written on the state branch for @${author}, at ${at}. The engine has not confirmed it yet.`;
}

/**
 * The order that stands in the control file, when it was given after a moment: one that had to wait may not undo it. A date that is yet to
 * come was written by hand and holds nobody back.
 */
function givenBetween(file: string | null, at: string, now: number): Control | null {
  const standing = file === null ? null : orderIn(file);
  if (standing === null) return null;
  const given = Date.parse(standing.at);
  return given > Date.parse(at) && given <= now ? standing : null;
}
