import { expect, it } from 'vitest';
import type { Hint } from '#bot/evidence/ledger.ts';
import { factsOf } from '#bot/orchestrator/facts.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { shippedFiles } from '#tests/support/deployment.ts';
import { createStateRepository } from '#tests/support/state-repository.ts';

it('a model is told of a wish when the ledger says that it may, and not otherwise', async () => {
  const real = await createStateRepository();
  try {
    const files = [...shippedFiles('ema-cross')].map(([path, text]) => [`strategies/ema-cross/${path}`, text] as const);
    await real.commitToMain(new Map(files));
    const { repository } = real;
    await repository.fetch();
    const base = await repository.require('main');
    const told = async (hint: Hint | null): Promise<string> => {
      const facts = await factsOf({
        repository,
        base,
        observation: {
          strategy: 'ema-cross',
          truth: null,
          analysis: { problem: 'there are none' },
          memory: [],
          openProposal: null,
        } as unknown as Parameters<typeof factsOf>[0]['observation'],
        development: { metrics: {} } as BacktestResult,
        verdict: { kind: 'NO_CHANGE', reason: 'It earns.' },
        hint,
      });
      return JSON.stringify(facts);
    };
    const wish = { by: 'octo', text: 'Rather trade a quokka.' };
    const nothing = await told(null);
    expect(await told(wish)).toBe(nothing);
    expect(await told({ ...wish, isTold: false })).toBe(nothing);
    expect(await told({ ...wish, isTold: true })).toContain('quokka');
  } finally {
    real.close();
  }
});
