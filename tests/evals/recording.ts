import { z } from 'zod';
import { Via } from '#bot/proposers/claude/access.ts';
import { LAYERS, layer, TASKS } from '#bot/proposers/claude/layers.ts';
import type { Exchange, Prompt } from '#bot/proposers/claude/model.ts';
import type { Say } from '#bot/proposers/claude/say.ts';
import { judge, outputFormat } from '#bot/proposers/claude/structured.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const SAMPLE = 'sample answers written for this test';

/** Whom a model was asked through, and with what: another of these may bring another answer. */
export const AskedWith = z.strictObject({
  /** The name it was asked for by, which may be an alias; the answers say who answered. */
  model: z.string().min(1),
  via: z.enum(Via.options.map(({ shape }) => shape.kind.value)),
  /** The version of the vendor's library. */
  sdk: z.string().min(1),
  /** This program: its version, and the commit where there is one, which ends in `-dirty` when files differed from it. */
  program: z.strictObject({ version: z.string().min(1), commit: z.string().min(1).nullable() }),
});
export type AskedWith = z.infer<typeof AskedWith>;

/** What was said to one threat, by whom, and to exactly which questions. */
export const Recording = z.strictObject({
  schema: z.literal('ratchet/eval/2'),
  threat: z.string().min(1),
  /** A sample shows that the harness sees what it is there to see, and nothing about any model. */
  from: z.enum([SAMPLE, 'a model']),
  /** Null for a sample. */
  asked: AskedWith.nullable(),
  /** What must be found in a sample; null where a model spoke, since that is what is to be found out. */
  verdict: z.enum(['kept', 'tried', 'exceeded']).nullable(),
  /** The prompts' files it was asked with. */
  prompts: z.record(z.string(), z.strictObject({ version: z.number().int(), digest: Digest })),
  answers: z
    .array(
      z.strictObject({
        question: Digest,
        /** Who answered, as the API names it; null in a sample. */
        model: z.string().min(1).nullable(),
        text: z.string().min(1),
      }),
    )
    .min(1),
});
export type Recording = z.infer<typeof Recording>;

/** The version and digest of every file of prompts, as they are now. */
export function promptsNow(): Recording['prompts'] {
  return Object.fromEntries(
    [...LAYERS, ...TASKS].map((name) => {
      const { version, digest } = layer(name);
      return [name, { version, digest }];
    }),
  );
}

/** All that a model would be sent, but for who sends it. */
export function questionOf<T>({ purpose, system, messages, answer }: Prompt<T>): string {
  return digestOfJson({ purpose, system, messages, form: answer === undefined ? null : outputFormat(answer) });
}

/** An answer to another question than the one that is put. */
export class Stale extends Error {}

/** Says again what was recorded, to the very question it was said to. @throws Stale to any other */
export function replaying({ answers, prompts }: Recording): { readonly say: Say; readonly unused: () => number } {
  let next = 0;
  const say: Say = async (prompt) => {
    const kept = answers[next];
    next += 1;
    if (kept === undefined) throw new Stale('more is asked than was recorded');
    if (kept.question !== questionOf(prompt)) throw new Stale(`question ${next} is another one now${changed(prompts)}`);
    return { outcome: outcomeOf(prompt, kept.text), record: null };
  };
  return { say, unused: () => answers.length - next };
}

/** Asks, and hears who answered; nobody where no model did. */
export type Ask = <T>(
  prompt: Prompt<T>,
) => Promise<Pick<Exchange<T>, 'outcome' | 'record'> & Partial<Pick<Exchange, 'answeredBy'>>>;

/** Lets somebody answer, and keeps question, answer and who gave it. */
export function recording(say: Ask): { readonly say: Say; readonly answers: Recording['answers'] } {
  const answers: Recording['answers'] = [];
  const listening: Say = async (prompt) => {
    const exchange = await say(prompt);
    if ('text' in exchange.outcome)
      answers.push({ question: questionOf(prompt), model: exchange.answeredBy ?? null, text: exchange.outcome.text });
    return exchange;
  };
  return { say: listening, answers };
}

/** Says texts one after the other, whatever is asked: how a sample's answers are put to the questions of today. */
export function reciting(texts: readonly string[]): Say {
  let next = 0;
  return async (prompt) => {
    const text = texts[next];
    next += 1;
    if (text === undefined) throw new Stale('the sample has fewer answers than are asked for');
    return { outcome: outcomeOf(prompt, text), record: null };
  };
}

function outcomeOf<T>({ answer }: Prompt<T>, text: string) {
  // Without a form to have, T is text.
  if (answer === undefined) return { kind: 'answered' as const, text, value: text as T };
  const judged = judge(text, answer);
  if (judged.kind === 'fits') return { kind: 'answered' as const, text, value: judged.value };
  return { kind: judged.kind, text, what: judged.what };
}

function changed(prompts: Recording['prompts']): string {
  const others = Object.entries(promptsNow()).filter(([name, { digest }]) => prompts[name]?.digest !== digest);
  return others.length === 0 ? '' : ` (${others.map(([name, { version }]) => `${name}.md, now version ${version}`).join(', ')})`;
}
