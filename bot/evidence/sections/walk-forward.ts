import { folded, table } from '#bot/evidence/markdown.ts';
import { count, counted, days, decimal, percent, signedPercent } from '#bot/evidence/numbers.ts';
import type { Walk } from '#bot/evidence/pack/walk-forward.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** Whether these rules, fitted on the past again and again, earned in what came after. */
export function walkForward({ walkForward: { configurations, anchored, rolling } }: Pack): string {
  return [
    '### Fitted to the past, judged on what came after',
    '',
    `Walk-forward: the rules stay, and in each window the best of ${counted(configurations, 'configuration')} spread over the declared ranges is chosen on the days before and traded on the days after. This judges the rules, not the candidate’s own numbers.`,
    '',
    table(
      [
        { title: 'Days before', alignment: 'left' },
        { title: 'Windows that earned', alignment: 'right' },
        { title: 'Net return after', alignment: 'right' },
        { title: 'Sharpe ratio after', alignment: 'right' },
        { title: 'Efficiency', alignment: 'right' },
      ],
      [row('all of them (anchored)', anchored), row('equally many (rolling)', rolling)],
    ),
    '',
    reading(anchored, rolling),
    '',
    folded('Every window', `Anchored:\n\n${windows(anchored)}\n\nRolling:\n\n${windows(rolling)}`),
  ].join('\n');
}

function row(label: string, walk: Walk): string[] {
  return [
    label,
    `${count(walk.windowsAhead)} of ${count(walk.windows.length)}`,
    signedPercent(walk.netReturn),
    decimal(walk.sharpe),
    walk.efficiency === null ? '–' : percent(walk.efficiency),
  ];
}

function reading(anchored: Walk, rolling: Walk): string {
  const kept = [anchored.efficiency, rolling.efficiency].filter((one) => one !== null);
  if (kept.length === 0)
    return 'In no window was there anything to gain in the days before, so nothing can be said of the days after.';
  const least = Math.min(...kept);
  if (least <= 0) return 'What did best before lost afterwards: fitting these rules to the past has not paid.';
  if (least < 0.5) return 'Less than half of what was earned before was earned afterwards: fitting these rules pays little.';
  return 'At least half of what was earned before was earned afterwards too, which is what one hopes for.';
}

function windows(walk: Walk): string {
  return table(
    [
      { title: 'Traded', alignment: 'left' },
      { title: 'A year before', alignment: 'right' },
      { title: 'A year after', alignment: 'right' },
      { title: 'Efficiency', alignment: 'right' },
    ],
    walk.windows.map(({ outOfSample, inSampleReturn, outOfSampleReturn, efficiency }) => [
      days(outOfSample),
      signedPercent(inSampleReturn),
      signedPercent(outOfSampleReturn),
      efficiency === null ? '–' : percent(efficiency),
    ]),
  );
}
