import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ProposalClaim } from '#bot/evidence/pack.ts';
import { knownParameters } from '#bot/proposers/evolution/blocks/chosen-blocks.ts';
import type { Blueprint } from '#bot/proposers/evolution/blueprint.ts';
import { evolutionProposer } from '#bot/proposers/evolution/evolution.ts';
import { blueprintWith } from './every-blueprint.ts';
import { type Configured, incumbentFiles, incumbentParameters, taskOver } from './landscape.ts';

/** Grows the nearer `fast` is to 14 and the stop to 5 %; everything else is indifferent. */
function smoothHill({ parameters }: Configured): number {
  const fast = (parameters.fast! - 14) / 16;
  const stop = ((parameters.stopLoss ?? 0.05) - 0.05) / 0.145;
  return 0.0004 - 0.004 * (fast * fast + stop * stop);
}

function isUntouched(blueprint: Blueprint | undefined): boolean {
  return JSON.stringify(blueprint) === JSON.stringify(blueprintWith());
}

/** Only the trailing stop on 4h bars earns anything. */
function hiddenStructure({ blueprint }: Configured): number {
  return (blueprint?.signal === '4h' ? 0.0002 : -0.0002) + (blueprint?.protection === 'trailing' ? 0.0003 : 0);
}

describe('evolution', () => {
  it('climbs towards better numbers and claims a tweak that leaves the source alone', async () => {
    const { task } = taskOver((configured) => (isUntouched(configured.blueprint) ? smoothHill(configured) : -0.01), {
      trials: 120,
    });
    const [best] = (await evolutionProposer().propose(task)).candidates;
    expect(best!.development.metrics.netReturn).toBeGreaterThan(task.incumbentResult.metrics.netReturn);
    expect(best!.claim.kind).toBe('TWEAK');
    expect(best!.files.get('strategy.ts')).toBe(task.incumbent.get('strategy.ts'));
    const { parameters } = parse(best!.files.get('manifest.yaml')!);
    expect(Math.abs(parameters.fast - 14)).toBeLessThan(3);
    expect(Math.abs((parameters.stopLoss ?? 0.05) - 0.05)).toBeLessThan(0.03);
  });

  it('finds a better structure and claims a restructuring, with the moves in words', async () => {
    const { task } = taskOver(hiddenStructure);
    const [best] = (await evolutionProposer().propose(task)).candidates;
    expect(best!.claim).toEqual({
      kind: 'RESTRUCTURE',
      proposer: 'evolution',
      riskTier: 2,
      forecast: null,
      killRule: null,
      knownUntil: null,
      hypothesis:
        '4h bars carry less noise than 1h bars and a trailing stop lets a trend run for as long as it lasts, so more of each move is kept.',
      changes: ['signal timeframe: 1h → 4h', 'protection: stop and target → trailing stop'],
    });
    expect(best!.files.get('strategy.ts')).toContain('trailingStop: parameters.trailingStop,');
    expect(best!.files.get('manifest.yaml')).toContain('description: Judging by 4h bars, buys when');
  });

  it('drops changes that earn nothing', async () => {
    const { task } = taskOver((configured) => (isUntouched(configured.blueprint) ? smoothHill(configured) : -0.01), {
      trials: 150,
    });
    const [best] = (await evolutionProposer().propose(task)).candidates;
    for (const change of best!.claim.changes) expect(change).toMatch(/^(fast|stopLoss)/);
  });

  it('spends no more than its trials, names each, and asks no question twice', async () => {
    for (const trials of [1, 7, 40]) {
      const { task, asked } = taskOver(smoothHill, { trials });
      await evolutionProposer().propose(task);
      expect(asked).toHaveLength(trials);
      expect(new Set(asked.map(({ files }) => [...files.values()].join())).size).toBe(trials);
      for (const { label } of asked) expect(label).toMatch(/→|added|removed|: /);
    }
  });

  it('asks and answers the same for the same seed, in whatever order evaluations end', async () => {
    const inOrder = taskOver(smoothHill, { seed: 7 });
    const shuffled = taskOver(smoothHill, { seed: 7, delay: (index) => (index * 7919) % 13 });
    const expected = await evolutionProposer().propose(inOrder.task);
    expect(await evolutionProposer().propose(shuffled.task)).toEqual(expected);
    expect(shuffled.asked.map(({ label }) => label)).toEqual(inOrder.asked.map(({ label }) => label));
    const other = taskOver(smoothHill, { seed: 8 });
    await evolutionProposer().propose(other.task);
    expect(other.asked.map(({ label }) => label)).not.toEqual(inOrder.asked.map(({ label }) => label));
  });

  it('never proposes what the sandbox refused', async () => {
    const { task } = taskOver((configured) => (configured.parameters.fast! > 9 ? 'refused' : smoothHill(configured)));
    for (const { files } of (await evolutionProposer().propose(task)).candidates) {
      expect(parse(files.get('manifest.yaml')!).parameters.fast).toBeLessThanOrEqual(9);
    }
  });

  it('proposes nothing when nothing beats the incumbent', async () => {
    const flat = taskOver(() => 0.0001);
    expect((await evolutionProposer().propose(flat.task)).candidates).toEqual([]);
    const refused = taskOver((configured) =>
      JSON.stringify(configured.parameters) === JSON.stringify(incumbentParameters) && configured.blueprint?.filters.length === 2
        ? 0.0001
        : -0.001,
    );
    expect((await evolutionProposer().propose(refused.task)).candidates).toEqual([]);
  });

  it('moves only numbers, within their ranges, when a person has edited the source', async () => {
    const incumbent = incumbentFiles((source) =>
      source.replace("context.hold('in position')", "context.hold('waiting for the exit')"),
    );
    const { task, asked } = taskOver(smoothHill, { incumbent });
    const { candidates } = await evolutionProposer().propose(task);
    expect(candidates.length).toBeGreaterThan(0);
    for (const { claim } of candidates) expect(claim.kind).toBe('TWEAK');
    for (const { files } of asked) {
      expect(files.get('strategy.ts')).toBe(incumbent.get('strategy.ts'));
      const { parameters } = parse(files.get('manifest.yaml')!);
      for (const [name, value] of Object.entries<number>(parameters)) {
        const { min, max, step } = knownParameters[name]!;
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
        expect(Math.abs((value - min) / step - Math.round((value - min) / step))).toBeLessThan(1e-9);
      }
    }
  });

  it('leaves an incumbent alone that declares nothing to move', async () => {
    const incumbent = new Map([...incumbentFiles(), ['strategy.ts', 'export default 1;\n']]);
    const { task, asked } = taskOver(smoothHill, { incumbent });
    expect((await evolutionProposer().propose(task)).candidates).toEqual([]);
    expect(asked).toEqual([]);
  });

  describe('whose time is over after breeding', () => {
    const trials = 120;
    const late = { trials, answered: 0.75 * trials };

    it('asks nothing more, and puts what it has looked at from all sides before what is fitter and was found late', async () => {
      // Two numbers that pay together, in whatever structure.
      const found = (configured: Configured) => {
        const { rsiBars = 14, stopLoss = 0, trailingStop = 0 } = configured.parameters;
        return hiddenStructure(configured) + (rsiBars !== 14 && stopLoss + trailingStop > 0.05 ? 0.0004 : 0);
      };
      const { task, asked } = taskOver(found, late);
      const { candidates, reason } = await evolutionProposer().propose(task);
      expect(asked.length).toBeLessThanOrEqual(late.answered + 8);
      expect(reason).toBeNull();
      const [first, ...others] = candidates;
      expect(Math.max(...others.map(({ fitness }) => fitness))).toBeGreaterThan(first!.fitness);
      expect(first!.claim.changes).toEqual(['signal timeframe: 1h → 4h', 'protection: stop and target → trailing stop']);
    });

    it('says so where it has nothing else to propose', async () => {
      // Nothing is earned but by many numbers at once.
      const together = (configured: Configured) => {
        const { fast = 0, slow = 0, stopLoss = 0 } = configured.parameters;
        return isUntouched(configured.blueprint) && fast > 9 && slow > 21 && stopLoss > 0.02 ? 0.0004 : -0.0001;
      };
      const { task } = taskOver(together, late);
      const { candidates, reason } = await evolutionProposer().propose(task);
      expect(candidates.length).toBeGreaterThan(0);
      expect(reason).toContain('too late to see whether it needs all of its parts');
      const whole = taskOver(together, { trials });
      expect((await evolutionProposer().propose(whole.task)).reason).toBeNull();
    });
  });

  it('claims what the evidence pack accepts', async () => {
    const { task } = taskOver(hiddenStructure);
    for (const { claim } of (await evolutionProposer().propose(task)).candidates)
      expect(ProposalClaim.parse(claim)).toEqual(claim);
  });
});
