import { code, fenced, plain, shellWord, shortened, text } from '#bot/evidence/markdown.ts';
import { count, percent, share } from '#bot/evidence/numbers.ts';
import { crossed } from '#bot/evidence/sections/wager.ts';
import type { AnalysisDecision, RetireDecision } from '#bot/proposers/decision.ts';
import type { Truth } from '#engine/store/truth/truth.ts';

const TITLE_LENGTH_MAX = 120;

export interface MotionText {
  readonly title: string;
  readonly body: string;
}

interface Place {
  readonly cycle: string;
  readonly base: string;
  readonly head: string;
}

/** Why a strategy should stop, what is known of it, and what happens when it does. @param truth null where no engine has told of it */
export function retirementText(strategy: string, decision: RetireDecision, truth: Truth | null, place: Place): MotionText {
  const { hypothesis, reason, riskTier, forecast, killRule } = decision;
  return {
    title: shortened(`Retire ${strategy}: ${plain(hypothesis)}`, TITLE_LENGTH_MAX),
    body: joined([
      `**A model proposes to retire ${code(strategy)}.** ${text(hypothesis)}`,
      `**Why?** ${text(reason)}`,
      `### What is known of it\n\n${known(truth)}`,
      [
        '### What its author staked on it',
        '',
        `If it ran on: ${crossed(forecast)}, with a probability of ${share(forecast.probability)}. The hypothesis was wrong when ${crossed(killRule)}. Days are counted from this night, figures over the running version's whole time; it is scored if it runs on. Risk tier ${riskTier}.`,
      ].join('\n'),
      [
        '### What happens when it is merged',
        '',
        `The folder ${code(`strategies/${strategy}`)} goes, its history stays. The engine enters nothing for it any more, closes what it holds at the next open and lets it go. Bringing it back is a revert of this merge: the tree was proven when it came.`,
        '',
        'No evidence is asked of an ending. **A person merges it**: the bot never merges what ends a strategy.',
      ].join('\n'),
      reproduce(place, `ratchet engine truth --strategy ${shellWord(strategy)}`),
      footer(place),
    ]),
  };
}

/** What is to be looked at in another way, and what a reader has to check. */
export function moduleText(path: string, decision: AnalysisDecision, changes: readonly string[], place: Place): MotionText {
  const { hypothesis, reason, riskTier, module } = decision;
  return {
    title: shortened(`Look at ${module} anew: ${plain(hypothesis)}`, TITLE_LENGTH_MAX),
    body: joined([
      `**A model proposes another way to look:** ${text(hypothesis)}`,
      `**Why?** ${text(reason)}`,
      `### What changes\n\nOne analysis module, ${code(path)}, and nothing that trades.\n\n${changes.map((change) => `- ${text(change)}`).join('\n')}`,
      [
        '### What to read for',
        '',
        `The sandbox gate has asked it, and it answered within its limits. Whether its arithmetic is right no gate can tell: **a person merges it**, having checked units, denominators, empty inputs and whether any bar is used before it closed. Risk tier ${riskTier}.`,
      ].join('\n'),
      reproduce(place, `ratchet analyze ${shellWord(module)}`),
      footer(place),
    ]),
  };
}

function known(truth: Truth | null): string {
  if (truth === null) return 'No engine has told of it.';
  const { trades, winRate, netResult, fees, drawdownWorst, daysSinceTrade } = truth;
  return [
    `- ${count(trades)} trades, ${share(winRate)} of them won`,
    `- ${netResult.toFixed(2)} after ${fees.toFixed(2)} of fees, in the quote asset`,
    `- ${percent(drawdownWorst)} worst drawdown`,
    `- ${daysSinceTrade === null ? 'no trade yet' : `${daysSinceTrade.toFixed(1)} days since the last trade`}`,
  ].join('\n');
}

function reproduce({ base, head }: Place, command: string): string {
  const lines = [`ratchet gate policy --base ${shellWord(base)} --head ${shellWord(head)}`, command];
  return `### How to reproduce\n\n${fenced('sh', lines.join('\n'))}`;
}

function footer({ cycle }: Place): string {
  return `Cycle ${code(cycle)}. What the model said stands in ${code(`ratchet thoughts ${cycle}`)}.`;
}

function joined(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`;
}
