import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { printDesign } from '#bot/proposers/evolution/design.ts';
import { evolutionProposer } from '#bot/proposers/evolution/evolution.ts';
import { planFrom } from '#bot/proposers/evolution/grammar/from-blocks.ts';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import type { Evaluation, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import { everyBlueprint } from './every-blueprint.ts';
import { grownPlans } from './grammar/grown-plans.ts';
import { openProvingGround } from './proving-ground.ts';

const folder = new URL('../../../../strategies/ema-cross/', import.meta.url);
const incumbent: StrategyFiles = new Map([
  ['strategy.ts', await readFile(new URL('strategy.ts', folder), 'utf8')],
  ['manifest.yaml', await readFile(new URL('manifest.yaml', folder), 'utf8')],
]);
const ground = openProvingGround(7, 900);
afterAll(() => ground.close());

describe('evolution on a simulated market, through the real sandbox', () => {
  it('finds versions that beat an incumbent that loses to its fees, the same ones every time', async () => {
    const incumbentResult = await ground.run(incumbent, ground.development);
    expect(incumbentResult.metrics.netReturn).toBeLessThan(0);

    const answers: Evaluation[] = [];
    const task: ProposerTask = {
      incumbent,
      incumbentResult,
      trials: 24,
      seed: 7,
      async evaluate(files) {
        const answer = await ground.evaluate(files);
        answers.push(answer);
        return answer;
      },
    };
    const { candidates } = await evolutionProposer().propose(task);
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 24 }, () => 'scored'));
    expect(candidates.length).toBeGreaterThan(0);
    for (const { files, development } of candidates) {
      expect(development.metrics.netReturn).toBeGreaterThan(incumbentResult.metrics.netReturn);
      const again = await ground.run(files, ground.development);
      expect(again.resultDigest).toBe(development.resultDigest);
    }
    expect((await evolutionProposer().propose(task)).candidates).toEqual(candidates);
  }, 120_000);

  it('grows from a tree that trades exactly as the blocks it stands for', async () => {
    for (const blueprint of everyBlueprint().filter((_, index) => index % 21 === 0)) {
      const manifest = 'id: ema-cross\ndescription: One combination of blocks.\nstage: paper\nentry: strategy.ts\n';
      const run = (source: string) =>
        ground.run(
          new Map([
            ['strategy.ts', source],
            ['manifest.yaml', manifest],
          ]),
          // Past the longest warm-up: the tree knows to the bar how many it needs, the blocks are more generous.
          ground.selection,
        );
      const [blocks, tree] = [await run(printStrategy(blueprint)), await run(printDesign(planFrom(blueprint)))];
      expect(tree.metrics).toEqual(blocks.metrics);
      expect(tree.equity).toEqual(blocks.equity);
    }
  }, 120_000);

  it('runs trees as they are grown and bred: none is refused, and nearly all are warm before the data end', async () => {
    let silent = 0;
    for (const { plan, values } of grownPlans(12, 11)) {
      const lines = Object.entries(values).map(([name, value]) => `  ${name}: ${value}\n`);
      const files = new Map([
        ['strategy.ts', printDesign(plan)],
        [
          'manifest.yaml',
          `id: ema-cross\ndescription: A tree.\nstage: paper\nentry: strategy.ts\nparameters:\n${lines.join('')}`,
        ],
      ]);
      const { decisions, metrics } = await ground.run(files, ground.development);
      expect(metrics.bars).toBeGreaterThan(0);
      // A slow exponential average of days asks for years.
      if (decisions.length === 0) silent += 1;
    }
    expect(silent).toBeLessThanOrEqual(3);
  }, 120_000);

  it('runs what the printer prints: each combination trades or says why it holds', async () => {
    for (const blueprint of everyBlueprint().filter((_, index) => index % 9 === 0)) {
      const files = new Map([
        ['strategy.ts', printStrategy(blueprint)],
        ['manifest.yaml', 'id: ema-cross\ndescription: One combination of blocks.\nstage: paper\nentry: strategy.ts\n'],
      ]);
      const { decisions, metrics } = await ground.run(files, ground.development);
      expect(metrics.bars).toBeGreaterThan(0);
      expect(decisions.map(({ action }) => action)).toContain('hold');
      if (blueprint.filters.length === 0) expect(metrics.trades).toBeGreaterThan(0);
    }
  }, 120_000);
});
