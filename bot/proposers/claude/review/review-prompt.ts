import type { Reviewed } from '#bot/proposers/author.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { layer } from '../layers.ts';
import type { Prompt } from '../model.ts';
import { quoted } from '../quoted.ts';
import { shownContract } from '../shown-contract.ts';
import { type Answer, answerAbout } from './answer.ts';
import { shownEvidence } from './shown-evidence.ts';
import { versionDiff } from './version-diff.ts';

/** A change and its numbers as a prompt; the contract stands first, so that the API may keep it from one review to the next. */
export function reviewPrompt({ parent, candidate, pack }: Reviewed, by: string): Prompt<Answer> {
  const change: readonly Fact[] = [
    {
      title: parent === null ? 'the diff: a strategy that is new' : 'the diff from parent to candidate',
      text: versionDiff(parent, candidate),
    },
    { title: "the candidate's files, lines numbered", text: numbered(candidate) },
    { title: 'the evidence', text: shownEvidence(pack) },
  ];
  const content = [quoted(change), 'Review the change above.'].join('\n\n');
  return {
    purpose: 'review',
    by,
    system: [
      { text: `${layer('identity').text}\n${layer('system').text}` },
      { text: quoted(shownContract()), cache: true },
      { text: layer('review').text },
    ],
    messages: [{ role: 'user', content }],
    answer: answerAbout(parent, candidate),
  };
}

function numbered(files: StrategyFiles): string {
  return [...files]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, text]) => [`=== ${path}`, ...text.split('\n').map((line, index) => `${index + 1}: ${line}`)].join('\n'))
    .join('\n\n');
}
