import { z } from 'zod';

/** GitHub's own three levels, as annotations of a check run name them. */
export const AnnotationLevel = z.enum(['notice', 'warning', 'failure']);
export type AnnotationLevel = z.infer<typeof AnnotationLevel>;

export const Annotation = z
  .strictObject({
    /** Relative to the repository's root. */
    path: z.string().min(1),
    /** Counted from 1. */
    startLine: z.number().int().positive(),
    endLine: z.number().int().positive(),
    level: AnnotationLevel,
    message: z.string().min(1),
  })
  .refine((annotation) => annotation.endLine >= annotation.startLine, 'an annotation ends on or after the line it starts on');
export type Annotation = z.infer<typeof Annotation>;

/** How the title of a gate begins that could not look: people read it where programs read the field. */
export const COULD_NOT_LOOK = 'Could not look: ';

/** What one gate found on one pair of head and base. A gate that could not look is a failure and says so. */
export const GateResult = z
  .strictObject({
    /** `sandbox`, `backtest`, `guard`, `policy`, …: the name of the check run. */
    gate: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a gate is named in lower-case letters, digits and hyphens'),
    conclusion: z.enum(['success', 'failure']),
    /** Set when nothing was found out, neither for nor against the change: a scanner that is missing, silent or talks rubbish. */
    couldNotLook: z.literal(true).optional(),
    /** Set by `backtest` when the evidence was made again byte for byte, whether or not the vault then said pass. */
    isMadeAgain: z.literal(true).optional(),
    /** A few words: `Re-executed 2 runs, equal byte for byte`. */
    title: z.string().min(1),
    /** Markdown; the first sentence must stand alone. */
    summary: z.string().min(1),
    annotations: z.array(Annotation),
  })
  .refine(
    (result) => result.couldNotLook === undefined || result.conclusion === 'failure',
    'a gate that could not look has not passed',
  )
  .refine(
    (result) => result.title.startsWith(COULD_NOT_LOOK) === (result.couldNotLook === true),
    `a gate that could not look, and no other, has a title that begins with "${COULD_NOT_LOOK.trim()}"`,
  );
export type GateResult = z.infer<typeof GateResult>;
