import type { Reviewed } from '#bot/proposers/author.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';
import { layer } from '../layers.ts';
import type { Mask } from '../mask.ts';
import type { Prompt } from '../model.ts';
import { quoted } from '../quoted.ts';
import { shownContract } from '../shown-contract.ts';
import { type Answer, answerAbout } from './answer.ts';
import { shownEvidence } from './shown-evidence.ts';
import { versionDiff } from './version-diff.ts';

/**
 * A change and its numbers as a prompt, seen through a mask; the contract stands first, so that the API may keep it from one review to the
 * next. What is answered is about the files as they were shown.
 */
export function reviewPrompt({ pack, ...reviewed }: Reviewed, by: string, mask: Mask): Prompt<Answer> {
  const parent = reviewed.parent === null ? null : blurred(reviewed.parent, mask);
  const candidate = blurred(reviewed.candidate, mask);
  const change: readonly Fact[] = [
    {
      title: parent === null ? 'the diff: a strategy that is new' : 'the diff from parent to candidate',
      text: versionDiff(parent, candidate),
    },
    { title: "the candidate's files, lines numbered", text: numbered(candidate) },
    { title: 'the evidence', text: shownEvidence(pack, mask) },
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

/** No line more and no line less. */
function blurred(files: StrategyFiles, mask: Mask): StrategyFiles {
  return new Map([...files].map(([path, text]) => [mask.blur(path), mask.blur(text)]));
}

function numbered(files: StrategyFiles): string {
  return [...files]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, text]) => [`=== ${path}`, ...text.split('\n').map((line, index) => `${index + 1}: ${line}`)].join('\n'))
    .join('\n\n');
}
