import { z } from 'zod';
import { shortened } from '#bot/evidence/markdown.ts';
import { Finding } from '#bot/proposers/author.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import type { Mask } from '../mask.ts';

const FINDINGS_MAX = 20;
const WHAT_LENGTH_MAX = 800;

/** A finding as the model writes it. */
export const PlacedFinding = z.strictObject({
  severity: Finding.shape.severity,
  file: Finding.shape.file,
  /** Of the candidate's file, from 1; null where it is about no one line. */
  line: z.int().positive().nullable(),
  what: z.string().min(1).max(WHAT_LENGTH_MAX),
});
export type PlacedFinding = z.infer<typeof PlacedFinding>;

const Answer = z.strictObject({
  /** What the change does, in the reviewer's own words: who has to say it first has read it. */
  change: z.string().min(1).max(1_500),
  findings: z.array(PlacedFinding).max(FINDINGS_MAX),
});
export type Answer = z.infer<typeof Answer>;

/** What a reviewer of these files may answer: a finding is about a file that there is, and a line that it has. */
export function answerAbout(parent: StrategyFiles | null, candidate: StrategyFiles): z.ZodType<Answer> {
  return Answer.superRefine(({ findings }, context) => {
    for (const [index, { file, line }] of findings.entries()) {
      const text = candidate.get(file) ?? parent?.get(file);
      if (text === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['findings', index, 'file'],
          message: 'neither version has a file of this name',
        });
      } else if (line !== null && line > text.split('\n').length) {
        context.addIssue({ code: 'custom', path: ['findings', index, 'line'], message: 'the file has fewer lines' });
      }
    }
  });
}

const AS_SHOWN = ' (Names and days are as the reviewer was shown them.)';

/** A finding under real names; where nobody can tell which ones are meant, as it was written, and that is said. */
export function unmasked(finding: PlacedFinding, mask: Mask): PlacedFinding {
  const [file, what] = [mask.show(finding.file), mask.show(finding.what)];
  return {
    ...finding,
    file: file.kind === 'text' ? file.text : finding.file,
    what: what.kind === 'text' ? shortened(what.text, WHAT_LENGTH_MAX) : `${finding.what}${AS_SHOWN}`,
  };
}

/** As it is told to people. */
export function asFinding({ severity, file, line, what }: PlacedFinding): Finding {
  return { severity, file, what: line === null ? what : `Line ${line}: ${what}` };
}
