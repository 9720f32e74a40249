import type { Fact } from '#bot/proposers/fact.ts';
import { layer } from './layers.ts';
import type { Prompt } from './model.ts';
import { quoted } from './quoted.ts';

export interface AskedQuestion {
  /** A login. */
  readonly by: string;
  readonly question: string;
  readonly facts: readonly Fact[];
  /** How long the answer is to be at most, in characters. */
  readonly lengthMax: number;
}

/**
 * A person's question as a prompt: it stands between marks, as the facts do, and none of it among the instructions. Who the model is it is
 * told as everywhere; of the contract and of what was learned only the facts, which are chosen for the question and are far shorter.
 */
export function askPrompt({ by, question, facts, lengthMax }: AskedQuestion): Prompt {
  const told = quoted([...facts, { title: 'question', text: question }]);
  const content = `${told}\n\nAnswer the question above, from the facts above, in at most ${lengthMax} characters.`;
  const system = [{ text: `${layer('identity').text}\n${layer('ask').text}`, cache: true }];
  return { purpose: 'ask', by, system, messages: [{ role: 'user', content }] };
}
