import { TRUSTED } from '#bot/evidence/confidence.ts';
import { folded, table } from '#bot/evidence/markdown.ts';
import {
  chance,
  count,
  counted,
  decimal,
  NO_VALUE,
  percent,
  points,
  signedDecimal,
  signedPercent,
} from '#bot/evidence/numbers.ts';
import type { Interval, PairedInterval } from '#bot/evidence/pack/units.ts';
import type { Pack } from '#bot/evidence/pack.ts';

interface Row {
  readonly label: string;
  readonly value: string;
  /** What it says to a person who knows no statistics; plain words, one sentence. */
  readonly reading: string;
}

/** How far the numbers can be believed: each with a sentence that needs no statistics to be understood. */
export function statistics(pack: Pack): string {
  return [
    '### How sure',
    '',
    `From the ${counted(pack.statistics.observations, 'day')} of selection data, unless a row says otherwise. A range holds what comes out in 95 of 100 histories drawn again from these days.`,
    '',
    rows([...lead(pack), ...luck(pack), ...ofTheNight(pack)]),
    '',
    folded('The ranges behind them', rows(ranges(pack))),
  ].join('\n');
}

function rows(list: readonly Row[]): string {
  return table(
    [
      { title: 'Question', alignment: 'left' },
      { title: 'Answer', alignment: 'right' },
      { title: 'In plain words', alignment: 'left' },
    ],
    list.map(({ label, value, reading }) => [label, value, reading]),
  );
}

function lead({ comparison }: Pack): Row[] {
  return [
    {
      label: 'Lead over the running version',
      value: rangeOf(comparison.incumbent.netReturn, points),
      reading: leadReading(comparison.incumbent.netReturn, 'the running version'),
    },
    {
      label: 'Lead over buy and hold',
      value: rangeOf(comparison.buyAndHold.netReturn, points),
      reading: leadReading(comparison.buyAndHold.netReturn, 'buying and holding'),
    },
  ];
}

function leadReading(lead: PairedInterval | null, other: string): string {
  if (lead === null) return 'Too little to compare.';
  const ahead = `It is ahead of ${other} in ${chance(lead.shareAbove)} of the histories drawn again`;
  if (lead.high < 0) return `${ahead}: it is behind, by more than chance.`;
  return lead.low > 0 ? `${ahead}: more than chance.` : `${ahead}: that can be chance.`;
}

function luck({ statistics }: Pack): Row[] {
  const { probabilisticSharpe, deflatedSharpe, deflation, minTrackRecordDays, trials, observations, sharpe } = statistics;
  return [
    {
      label: 'Is its profit more than noise?',
      value: chance(probabilisticSharpe),
      reading: `Probabilistic Sharpe ratio: the chance that it earns at all in the long run, taken alone. ${TRUSTED * 100}% would be called sure.`,
    },
    {
      label: 'And after all that was tried?',
      value: chance(deflatedSharpe),
      reading:
        deflation === null
          ? 'Deflated Sharpe ratio: not known, because nobody knows how much the trials differed.'
          : `Deflated Sharpe ratio: ${countedBy(deflation.counted, trials)} alone would show a Sharpe ratio of ${decimal(deflation.benchmark)} by luck; it has ${decimal(sharpe)}.`,
    },
    {
      label: 'Days until that is sure',
      value: minTrackRecordDays === null ? NO_VALUE : count(Math.ceil(minTrackRecordDays)),
      reading:
        minTrackRecordDays === null
          ? 'Minimum track record: no number of such days would show that it earns.'
          : `Minimum track record: so many days like these would be needed to be ${TRUSTED * 100}% sure that it earns; there are ${count(observations)}.`,
    },
  ];
}

function countedBy(counted: 'raw' | 'clustered', trials: Pack['statistics']['trials']): string {
  return counted === 'raw' ? `the best of ${count(trials.raw)} trials` : `the best of ${count(trials.effective)} ideas`;
}

function ofTheNight({ statistics: { overfitting, bestOfNight, permutation } }: Pack): Row[] {
  const ability = bestOfNight.superiorPredictiveAbility;
  return [
    {
      label: 'Is choosing the best worth anything?',
      value: chance(overfitting.probability),
      reading:
        overfitting.probability === null
          ? 'Probability of overfitting: there are too few trials to choose from.'
          : `Probability of overfitting: how often the best of ${counted(overfitting.trials, 'trial')} in one half of the development data was no better than the middle in the other half. Low is good.`,
    },
    {
      label: 'Does the night’s best beat the running version?',
      value: ability === null ? NO_VALUE : `p = ${decimal(ability.pValue, 3)}`,
      reading:
        ability === null
          ? 'Hansen’s test: there is nothing to test.'
          : `Hansen’s test (White’s says ${decimal(bestOfNight.realityCheck?.pValue ?? null, 3)}): the chance of a best as good in ${counted(bestOfNight.trials, 'trial')}, were none of them better, on the development data. Low is good.`,
    },
    {
      label: 'Would it find as much where nothing is?',
      value: permutation.pValue === null ? NO_VALUE : `p = ${decimal(permutation.pValue, 3)}`,
      reading: permutationReading(permutation),
    },
  ];
}

function permutationReading(permutation: Pack['statistics']['permutation']): string {
  const { permutations, configurations, atLeast, resolution } = permutation;
  if (atLeast === null) return 'Permutation test: the small search found nothing to compare.';
  return `Permutation test: a search of ${counted(configurations, 'configuration')} did as well in ${count(atLeast)} of ${count(permutations)} markets whose moves were shuffled. Low is good; ${decimal(resolution, 3)} is the least this many can show.`;
}

function ranges({ statistics: { intervals, sharpe }, comparison }: Pack): Row[] {
  const spread = (interval: Interval | null) =>
    interval === null
      ? 'Too little to draw from.'
      : `${count(interval.resamples)} histories in blocks of ${decimal(interval.blockLength, 1)} days on average.`;
  return [
    { label: 'Net return', value: rangeOf(intervals.netReturn, signedPercent), reading: spread(intervals.netReturn) },
    {
      label: 'Sharpe ratio',
      value: `${decimal(sharpe)}: ${rangeOf(intervals.sharpe, (value) => decimal(value))}`,
      reading: spread(intervals.sharpe),
    },
    {
      label: 'Worst drop, at ends of days',
      value: rangeOf(intervals.maxDrawdown, percent),
      reading: spread(intervals.maxDrawdown),
    },
    {
      label: 'Sharpe ratio ahead of the running version',
      value: rangeOf(comparison.incumbent.sharpe, (value) => signedDecimal(value)),
      reading: spread(comparison.incumbent.sharpe),
    },
    {
      label: 'Worst drop beside the running version’s',
      value: rangeOf(comparison.incumbent.maxDrawdown, points),
      reading: 'Below zero it fell less.',
    },
  ];
}

function rangeOf(interval: Interval | null, show: (value: number) => string): string {
  return interval === null ? NO_VALUE : `${show(interval.low)} to ${show(interval.high)}`;
}
