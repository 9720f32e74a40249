import { describe, expect, it } from 'vitest';
import { FACTS, factAt, factsFromPack, PolicyFactsSchema } from '#bot/gates/policy/facts.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const CHANGE = {
  author: 'bot',
  paths: ['strategies/ema-cross/strategy.ts'],
  stage: 'paper',
  stageBefore: 'paper',
  gates: {},
} as const;

/** Dotted names of every fact there is. */
function leaves(schema: object, before = ''): readonly string[] {
  return Object.entries(schema).flatMap(([name, inner]) =>
    typeof inner === 'string' ? [`${before}${name}`] : leaves(inner as object, `${before}${name}.`),
  );
}

describe('facts from a pack', () => {
  const pack = samplePack();
  const facts = factsFromPack(pack, CHANGE);

  it('are the numbers of the pack', () => {
    expect(facts.evidence).toMatchObject({
      selection: { candidate: { netReturn: pack.candidate.selection.metrics.netReturn } },
      costs: { doubled: { incumbent: pack.costs.find(({ multiplier }) => multiplier === 2)?.incumbent } },
      trialsEver: pack.search.trialsEver,
      statistics: {
        deflatedSharpe: pack.statistics.deflatedSharpe,
        overfittingProbability: pack.statistics.overfitting.probability,
        trialsEffective: pack.statistics.trials.effective,
        minTrackRecordDays: pack.statistics.minTrackRecordDays,
      },
    });
  });

  it('leave nothing of the evidence out, and add nothing that policies cannot name', () => {
    const names = leaves(FACTS).filter((name) => name.startsWith('evidence.'));
    expect(names.filter((name) => factAt(facts, name) === undefined)).toEqual([]);
    expect(PolicyFactsSchema.safeParse(facts)).toMatchObject({ success: true });
  });

  it('lack what the pack could not compute: absent, not null', () => {
    const thin = samplePack((made) => {
      made.statistics.deflatedSharpe = null;
      made.statistics.overfitting.probability = null;
    });
    const { statistics } = factsFromPack(thin, CHANGE).evidence;
    expect(Object.keys(statistics!).sort()).toEqual(['minTrackRecordDays', 'probabilisticSharpe', 'trialsEffective']);
  });

  it('lack costs that were not multiplied so', () => {
    const thin = samplePack((made) => {
      made.costs = made.costs.filter(({ multiplier }) => multiplier !== 3);
    });
    expect(factAt(factsFromPack(thin, CHANGE), 'evidence.costs.tripled.candidate')).toBeUndefined();
  });
});
