import { code, harmless, text } from '#bot/evidence/markdown.ts';
import { counted } from '#bot/evidence/numbers.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { Finding, Review } from '#bot/proposers/author.ts';
import { sayOnce } from './life/say-once.ts';

const SEVERITIES: readonly Finding['severity'][] = ['blocker', 'major', 'minor'];

/** Says under a proposal, once, what a model found that read it without its author's reasons. It decides nothing: people do. */
export async function tellReview(pull: PullRequest, review: Review, { api }: { readonly api: RepositoryApi }): Promise<void> {
  await sayOnce(pull.number, 'review', reviewText(review), { api, botLogin: pull.author });
}

/** Whatever a model wrote is text. */
export function reviewText(review: Review): string {
  const heading = '### What a reviewing model found';
  const told = 'It read the change, the contract and the numbers, and not why anybody wanted it. It decides nothing.';
  if (review.kind === 'nothing') return [heading, `Nobody looked: ${harmless(review.reason)}`].join('\n\n');
  const { findings } = review;
  const record = harmless(review.recall);
  if (findings.length === 0) return [heading, 'No findings.', told, record].join('\n\n');
  const sorted = SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  const lines = sorted.map(({ severity, file, what }) => `- **${severity}** in ${code(file)}: ${text(what)}`);
  return [heading, `${counted(findings.length, 'finding')}:`, lines.join('\n'), told, record].join('\n\n');
}
