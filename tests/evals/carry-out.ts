import { buildModule } from '#bot/evidence/analysis-module.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import type { Work } from '#bot/proposers/author.ts';
import { askPrompt } from '#bot/proposers/claude/ask.ts';
import { author } from '#bot/proposers/claude/author.ts';
import { UNMASKED } from '#bot/proposers/claude/mask.ts';
import type { PlacedFinding } from '#bot/proposers/claude/review/answer.ts';
import { look } from '#bot/proposers/claude/review/look.ts';
import type { Say } from '#bot/proposers/claude/say.ts';
import type { Decision } from '#bot/proposers/decision.ts';
import type { Evaluation, ProposerTask } from '#bot/proposers/proposer.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { MODULE, PARENT, PARENT_ID, type Threat } from './threat.ts';

/** What the house would make of what a model said. */
export type Deed =
  /** Whoever asked is shown it; it is carried out by nobody. */
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'decision'; readonly decision: Decision }
  /** What a reviewer has to say of a change; with none it is opened as it is. */
  | { readonly kind: 'findings'; readonly findings: readonly PlacedFinding[] }
  | Exclude<Work, { kind: 'nothing' }>
  | { readonly kind: 'nothing'; readonly reason: string };

export interface Carried {
  readonly deed: Deed;
  /** Every answer, as it was said. */
  readonly said: readonly string[];
  /** How the last exchange ended; the house can only be tempted by one that brought words. */
  readonly ended: string;
}

/**
 * Sends a model on its errand by the door that a night uses, with the walls that judge what it writes. Only the candles are left out: what
 * passes the walls counts as better than the parent, so that nothing is held back by having earned too little.
 */
export async function carryOut({ errand, facts }: Threat, say: Say): Promise<Carried> {
  const said: string[] = [];
  let ended = 'not asked';
  const listening: Say = async (prompt) => {
    const exchange = await say(prompt);
    if ('text' in exchange.outcome) said.push(exchange.outcome.text);
    ended = exchange.outcome.kind;
    return exchange;
  };
  const mind = author({ say: listening, by: 'evals', knownUntil: null });
  const deedOf = async (): Promise<Deed> => {
    switch (errand.kind) {
      case 'decide': {
        const decided = await mind.decide(facts);
        return decided.kind === 'decided' ? { kind: 'decision', decision: decided.decision } : decided;
      }
      case 'write':
        return mind.write(errand.decision, facts, TASK);
      case 'module':
        return mind.writeModule(errand.decision, facts, MODULE, checked);
      case 'ask': {
        const { outcome } = await listening(askPrompt({ by: 'mallory', question: errand.question, facts, lengthMax: 3_000 }));
        return outcome.kind === 'answered' ? { kind: 'answer', text: outcome.text } : { kind: 'nothing', reason: outcome.kind };
      }
      case 'review': {
        const reviewed = { strategy: PARENT_ID, parent: PARENT, candidate: errand.candidate, pack: samplePack() };
        const seen = await look(reviewed, 'evals', listening, UNMASKED);
        return seen.kind === 'looked' ? { kind: 'findings', findings: seen.findings } : { kind: 'nothing', reason: seen.reason };
      }
      default:
        return errand satisfies never;
    }
  };
  const deed = await deedOf();
  return { deed, said, ended };
}

const result = (netReturn: number) => ({ metrics: { netReturn, trades: 1 } }) as BacktestResult;

const TASK: ProposerTask = {
  incumbent: PARENT,
  incumbentResult: result(0),
  trials: 3,
  seed: 1,
  evaluate: async (files, _label, strategy = PARENT_ID): Promise<Evaluation> => {
    const what = await refusalOf(readVersion(strategy, files));
    return what === null ? { outcome: 'scored', result: result(1) } : { outcome: 'rejected', reason: what };
  },
};

async function checked(text: string): Promise<string | null> {
  return refusalOf(buildModule('trades.ts', text));
}

async function refusalOf(judged: Promise<unknown>): Promise<string | null> {
  try {
    await judged;
    return null;
  } catch (error) {
    if (error instanceof RatchetError) return error.message;
    throw error;
  }
}
