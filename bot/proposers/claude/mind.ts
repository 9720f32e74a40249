import { z } from 'zod';
import type { Journal } from '#bot/proposers/journal.ts';
import type { Thinkers } from '#bot/proposers/thinkers.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { author } from './author.ts';
import { maskSecret } from './mask/mask-secret.ts';
import { maskedAuthor } from './mask/masked-author.ts';
import { type MaskKind, maskOf, UNMASKED } from './mask.ts';
import type { Model, Prompt } from './model.ts';
import { reviewer } from './review.ts';
import type { Say } from './say.ts';
import { judge } from './structured.ts';

export interface MindOptions {
  readonly model: Pick<Model, 'say'>;
  /** The bot's own folder: what the reviewer was shown and found is kept in it. */
  readonly dir: string;
  /** UTC milliseconds. */
  readonly clock: () => number;
  readonly knownUntil: number | null;
  /** What is kept from the model, when it writes and when it reads. */
  readonly mask: MaskKind;
}

/** What a model said, whole or in the wrong form: it was paid for either way. */
const KeptWords = z.strictObject({ text: z.string(), record: z.string().nullable() });

/** A model as whoever writes tonight and whoever reads it, which are two conversations. */
export function mindOf(options: MindOptions): NonNullable<Thinkers['mind']> {
  return async (cycle, journal, symbols) => {
    const say = once(options.model, journal);
    const { mask: kind, dir } = options;
    const mask = kind === 'none' ? UNMASKED : maskOf({ kind, symbols, secret: maskSecret(dir) });
    const { review } = reviewer({ ...options, say, cycle, mask });
    const plain = author({ ...options, say, by: cycle });
    return { author: kind === 'none' ? plain : maskedAuthor(plain, mask), review };
  };
}

/** Asks a model what it was not asked before in this stage of this night, and gives again what it said to what it was. */
function once(model: Pick<Model, 'say'>, journal: Journal): Say {
  return async (prompt) => {
    const question = digestOf(prompt);
    const kept = journal.replay(question, KeptWords);
    if (kept !== null) return { outcome: judged(prompt, kept.text), record: kept.record };
    const { outcome, record } = await model.say(prompt);
    // What brought no words cost nothing, and may go better when the night is run again.
    if ('text' in outcome) await journal.record(question, { text: outcome.text, record });
    return { outcome, record };
  };
}

function digestOf<T>({ purpose, system, messages }: Prompt<T>): string {
  return digestOfJson({ purpose, system: system.map(({ text }) => text), messages });
}

function judged<T>({ answer }: Prompt<T>, text: string) {
  // Without a form to have, T is text.
  if (answer === undefined) return { kind: 'answered' as const, text, value: text as T };
  const verdict = judge(text, answer);
  if (verdict.kind === 'fits') return { kind: 'answered' as const, text, value: verdict.value };
  return { kind: verdict.kind, text, what: verdict.what };
}
