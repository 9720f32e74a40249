import { z } from 'zod';
import { ProposalClaim } from '#bot/evidence/pack.ts';

/** A file of a strategy's folder; evidence is made by the machine and by nobody else. */
const Path = z
  .string()
  .max(200)
  .regex(/^(?!evidence\/)[a-z0-9-]+(\/[a-z0-9-]+)*\.(ts|yaml)$/, 'no file a strategy may have');
const Text = z.string().max(200_000);

/** What is said of a change before any result of it is seen. */
const claim = {
  hypothesis: ProposalClaim.shape.hypothesis,
  changes: ProposalClaim.shape.changes,
  /** 1: a number moves. 2: a rule moves. 3: what a person has to look at closely. The author's own word, and only that. */
  riskTier: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  /** Measurable. */
  prediction: z.string().min(1).max(500),
  /** What would show that the hypothesis is wrong. */
  killRule: z.string().min(1).max(500),
};

/** What a model may answer when it is asked for a change: one JSON object, and no word besides. */
export const GeneratorAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('NO_CHANGE'), reason: z.string().min(1).max(500) }),
  z.strictObject({
    kind: z.literal('TWEAK'),
    ...claim,
    /** Carried out in order; `find` stands exactly once in the parent's file as the edits before it left it. */
    edits: z
      .array(z.strictObject({ path: Path, find: Text.min(1), replace: Text }))
      .min(1)
      .max(40),
  }),
  z.strictObject({
    kind: z.enum(['RESTRUCTURE', 'NEW']),
    ...claim,
    /** All files of the strategy, its manifest among them. */
    files: z
      .array(z.strictObject({ path: Path, text: Text }))
      .min(2)
      .max(50),
  }),
]);
export type GeneratorAnswer = z.infer<typeof GeneratorAnswer>;

export type ReadAnswer =
  | { readonly kind: 'read'; readonly answer: GeneratorAnswer }
  /** `why` is told to the model. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a model's text as an answer; whatever is wrong with it is said in words, never thrown. */
export function readGeneratorAnswer(text: string): ReadAnswer {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', why: 'The answer is no JSON.' };
  }
  const answer = GeneratorAnswer.safeParse(raw);
  if (answer.success) return { kind: 'read', answer: answer.data };
  const issues = answer.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`);
  return { kind: 'unreadable', why: `The answer is not of the form asked for. ${issues.join('; ')}` };
}
