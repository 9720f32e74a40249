import { z } from 'zod';
import { text } from '#bot/evidence/markdown.ts';
import { count } from '#bot/evidence/numbers.ts';
import { type Micros, money } from './money.ts';

const Words = z.string().max(1_000);

/** How one call to a model may end. */
export const CallOutcome = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('answered'), text: z.string().min(1).max(1_000_000) }),
  /** The model would not. */
  z.strictObject({ kind: z.literal('refused'), category: Words.nullable() }),
  /** It had more to say than `max_tokens` lets it. */
  z.strictObject({ kind: z.literal('too-long') }),
  /** The question with its facts does not fit the model. */
  z.strictObject({ kind: z.literal('too-much') }),
  z.strictObject({ kind: z.literal('rate-limited'), retryAfterMs: z.number().positive().nullable() }),
  z.strictObject({ kind: z.literal('overloaded') }),
  z.strictObject({ kind: z.literal('unavailable'), status: z.int().nullable() }),
  z.strictObject({ kind: z.literal('timed-out') }),
  /** The connection broke before the answer's end. */
  z.strictObject({ kind: z.literal('cut') }),
  /** What came is no message of the API. */
  z.strictObject({ kind: z.literal('garbled'), what: Words }),
  z.strictObject({ kind: z.literal('key-refused'), status: z.int() }),
  /** The API would not have this request: an unknown model, no credit, too large. */
  z.strictObject({ kind: z.literal('rejected'), status: z.int().nullable(), what: Words }),
  z.strictObject({ kind: z.literal('unreachable'), what: Words }),
  /** The process that made the call ended without a word. */
  z.strictObject({ kind: z.literal('died'), what: Words }),
]);
export type CallOutcome = z.infer<typeof CallOutcome>;

/** What a call has come to once its words were read: where JSON was asked for they may be none, or not the one. `what` is told to the model. */
export const JudgedOutcome = z.discriminatedUnion('kind', [
  ...CallOutcome.options,
  z.strictObject({ kind: z.literal('no-json'), text: z.string(), what: z.string() }),
  /** A line each for what does not fit. */
  z.strictObject({ kind: z.literal('unfit'), text: z.string(), what: z.string() }),
]);
export type JudgedOutcome = z.infer<typeof JudgedOutcome>;

/** The same, with what ends before there is a call. `value` is the JSON that was asked for, or the text itself. */
export type ModelOutcome<T = string> =
  | { readonly kind: 'answered'; readonly text: string; readonly value: T }
  | Exclude<JudgedOutcome, { kind: 'answered' }>
  /** UTC milliseconds from which there are tokens again. */
  | { readonly kind: 'budget-spent'; readonly backAt: number; readonly needed: number; readonly left: number }
  /** No day's budget would be enough for it. */
  | { readonly kind: 'budget-too-small'; readonly needed: number; readonly dailyTokens: number }
  /** The same two of money. */
  | {
      readonly kind: 'money-spent';
      readonly backAt: number;
      readonly needed: Micros;
      readonly left: Micros;
      readonly currency: string;
    }
  | { readonly kind: 'money-too-small'; readonly needed: Micros; readonly dailyMoney: Micros; readonly currency: string };

export type Failure = Exclude<ModelOutcome, { kind: 'answered' }>;

/**
 * What is told of a call that brought no answer: one sentence, Markdown. A person reads it below a question, and in the report of a night
 * that nobody asked for: so it says what would help, and tells nobody to ask again.
 */
export function sentenceFor(outcome: Failure): string {
  switch (outcome.kind) {
    case 'refused':
      return `The model refused to answer${outcome.category === null ? '' : ` (${text(outcome.category)})`}; other words may help.`;
    case 'too-long':
      return 'The model had more to say than one answer may hold; a narrower task, or a larger `modelMaxOutputTokens`, would help.';
    case 'too-much':
      return 'The question and its facts are more than the model can read at once; fewer of them, or a model that reads more, would help.';
    case 'rate-limited': {
      const wait = outcome.retryAfterMs;
      const when = wait === null ? 'in a while' : `in ${inWords(wait)}`;
      return `The model's API takes no more requests from us at the moment; it may again ${when}.`;
    }
    case 'overloaded':
      return "The model's API is overloaded; it may answer later.";
    case 'unavailable':
      return `The model's API has trouble of its own${outcome.status === null ? '' : ` (${outcome.status})`}; it may answer later.`;
    case 'timed-out':
      return 'The model took too long and was not waited for; another time, or something simpler, may go better.';
    case 'cut':
      return 'The connection to the model broke before its answer was whole, so none is used; another time may go better.';
    case 'garbled':
      return `What came back is no message of the model's API (${text(outcome.what)}); see that \`modelBaseUrl\` leads to one.`;
    case 'no-json':
      return `The model was asked for JSON and wrote something else (${text(outcome.what)}).`;
    case 'unfit':
      return `The model wrote JSON that does not fit what it was asked for (${text(outcome.what.split('\n').join('; '))}).`;
    case 'key-refused':
      return `The model's API refused the key (${outcome.status}); give the bot another one and start it again.`;
    case 'rejected':
      return `The model's API would not take the request (${outcome.status === null ? '' : `${outcome.status}, `}${text(outcome.what)}); see that \`model\` names one the key may use.`;
    case 'unreachable':
      return `The model's API cannot be reached (${text(outcome.what)}); it may be down for a while, or the bot's network is.`;
    case 'died':
      return `The process that asked the model ended before it had an answer (${text(outcome.what)}); another time may go better.`;
    case 'budget-spent':
      return `Today's tokens for the model are spent (this may take ${count(outcome.needed)}, ${count(outcome.left)} are left); there are new ones from ${instant(outcome.backAt)}.`;
    case 'budget-too-small':
      return `This may take ${count(outcome.needed)} tokens, and \`modelDailyTokens\` allows ${count(outcome.dailyTokens)} a day; raise it.`;
    case 'money-spent': {
      const { needed, left, currency, backAt } = outcome;
      return `Today's money for the model is spent (this may cost ${money(needed)} ${currency}, ${money(left)} are left); there is more from ${instant(backAt)}.`;
    }
    case 'money-too-small': {
      const { needed, dailyMoney, currency } = outcome;
      return `This may cost ${money(needed)} ${currency}, and \`modelDailyMoney\` allows ${money(dailyMoney)} a day; raise it.`;
    }
    default:
      return outcome satisfies never;
  }
}

/** A wait as people say it, rounded up. */
function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
}

function instant(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
