import { code, quotation, shortened } from '#bot/evidence/markdown.ts';
import type { Exchange } from '#bot/proposers/claude/model.ts';
import { sentenceFor } from '#bot/proposers/claude/outcome.ts';
import { HOW_TO_CONFIGURE } from '#bot/proposers/claude/settings.ts';
import { spent } from '#bot/proposers/claude/spent.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommentCommand } from '../command.ts';
import { factsFor } from './ask-facts.ts';

/** A question, not an essay. */
const QUESTION_LENGTH_MAX = 2_000;
/** A model counts badly: what is a little longer than it was asked for is shown whole. */
const ANSWER_LENGTH_ASKED = 3_000;
const ANSWER_LENGTH_MAX = 4_000;

export const ask: CommentCommand = {
  name: 'ask',
  usage: '/ask QUESTION',
  summary: 'ask a model about what runs, what the last nights found, and what a strategy does',
  help: 'Where a model is configured it is told what the engine published, the last nights, the budgets of the held-out data and the source of the strategies on main, and answers from that. It can do nothing but answer; what it says is shown as its words and is never carried out. Every exchange is kept on the bot’s disk, and a day’s tokens are limited.',
  permission: 'work',
  permissionMin: 'write',
  needsPullRequest: false,
  wordsMax: Number.POSITIVE_INFINITY,
  lane: 'nights',
  async answer({ words, author, say }, room) {
    const question = words.join(' ');
    if (question === '')
      throw new RatchetError('commands/question', 'No question was asked.', 'Write one: `/ask why did it sell?`');
    if (question.length > QUESTION_LENGTH_MAX) {
      const message = `The question has ${question.length} characters.`;
      throw new RatchetError('commands/question', message, `At most ${QUESTION_LENGTH_MAX}.`);
    }
    if (room.ask === null) return `No model is configured here, so nobody was asked. ${HOW_TO_CONFIGURE}`;
    const facts = await factsFor(question, room);
    await say('The model is asked.');
    return shown(await room.ask({ by: author, question, facts, lengthMax: ANSWER_LENGTH_ASKED }));
  },
};

function shown(exchange: Exchange): string {
  const { outcome, model } = exchange;
  if (outcome.kind !== 'answered') return [sentenceFor(outcome), foot(exchange)].join('\n\n');
  return [
    `The words of a model (${code(model)}). It may be wrong, and it decides nothing:`,
    quotation(shortened(outcome.text, ANSWER_LENGTH_MAX)),
    foot(exchange),
  ].join('\n\n');
}

/** What it took, and where all of it stands. */
function foot(exchange: Exchange): string {
  const { model, record } = exchange;
  const kept = record === null ? '' : ` Kept as ${code(`thoughts/${record}`)}.`;
  return `${code(model)}: ${spent(exchange)}.${kept}`;
}
