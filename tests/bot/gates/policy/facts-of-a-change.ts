import type { PolicyFacts } from '#bot/gates/policy/facts.ts';

const better = { netReturn: 0.05, maxDrawdown: 0.1, trades: 60 };
const worse = { netReturn: -0.02, maxDrawdown: 0.12, trades: 300 };

export interface Wanted {
  readonly stage?: string;
  readonly author?: 'bot' | 'person';
  readonly paths?: readonly string[];
  readonly candidate?: Partial<typeof better>;
  readonly statistics?: NonNullable<PolicyFacts['evidence']['statistics']>;
}

/** Facts about a proposal that earns more than what it replaces, altered where a test wants. */
export function factsOfAChange(wanted: Wanted = {}): PolicyFacts {
  const candidate = { ...better, ...wanted.candidate };
  const pair = { candidate: 0.03, incumbent: -0.1 };
  return {
    change: { author: wanted.author ?? 'bot', paths: wanted.paths ?? ['strategies/ema-cross/manifest.yaml'] },
    strategy: { id: 'ema-cross', stage: wanted.stage ?? 'paper', stageBefore: 'paper', ranBefore: false },
    evidence: {
      selection: { candidate, incumbent: worse },
      development: { candidate, incumbent: worse },
      costs: { doubled: pair, tripled: pair },
      delayedOneBar: pair,
      trials: 48,
      trialsEver: 48,
      statistics: wanted.statistics ?? {},
    },
    forward: {},
    risk: {},
    gates: { sandbox: 'success' },
  };
}
