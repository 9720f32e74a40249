import { code, folded, quotation, shortened, table, text } from '#bot/evidence/markdown.ts';
import { count, counted } from '#bot/evidence/numbers.ts';
import { money } from '#bot/proposers/claude/money.ts';
import type { KeptThought } from '#bot/proposers/claude/read-thoughts.ts';
import type { Thought } from '#bot/proposers/claude/thought.ts';

const ROWS_MAX = 30;
/** Answers are long, and a comment is not. */
const ANSWERS_SHOWN = 5;
const ANSWER_LENGTH_MAX = 1_500;

const COLUMNS = [
  { title: 'Asked at', alignment: 'left' },
  { title: 'For', alignment: 'left' },
  { title: 'Model', alignment: 'left' },
  { title: 'It', alignment: 'left' },
  { title: 'Tokens', alignment: 'right' },
  { title: 'Money', alignment: 'right' },
] as const;

/** What a night asked a model, the newest first, and the last of its answers as quotations. Markdown; null when it asked nothing. */
export function describeExchanges(kept: readonly KeptThought[]): string | null {
  if (kept.length === 0) return null;
  const thoughts = kept.flatMap(({ thought }) => thought ?? []);
  const rows = thoughts.slice(0, ROWS_MAX).map(row);
  const unreadable = kept.length - thoughts.length;
  const answers = thoughts.flatMap((thought) => answer(thought) ?? []).slice(0, ANSWERS_SHOWN);
  return [
    `A model was asked ${counted(kept.length, 'time')}, the newest first${unreadable === 0 ? '' : `; ${unreadable} of the records cannot be read`}:`,
    table(COLUMNS, rows),
    ...answers,
  ].join('\n\n');
}

function row({ beganAt, purpose, model, outcome, tokens, money: spent }: Thought): readonly string[] {
  return [
    `${beganAt.slice(0, 16).replace('T', ' ')} UTC`,
    purpose,
    code(model),
    outcome === undefined ? 'has not ended' : text(outcome.kind),
    tokens === undefined ? '' : count(tokens),
    spent ? `${money(spent.micros)} ${text(spent.currency)}` : '',
  ];
}

function answer({ purpose, outcome }: Thought): string | null {
  if (outcome === undefined || !('text' in outcome)) return null;
  return folded(`Its words (${purpose})`, quotation(shortened(outcome.text, ANSWER_LENGTH_MAX)));
}
