import type { TopLevelSpec } from 'vega-lite';
import { days } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { LINE_NAMES, type LineName, type Lines, linesOf } from './series.ts';
import { COLOURS, vegaSvg } from './vega-svg.ts';

const WIDTH = 860;
const HEIGHT = 340;
/** Spans longer than this are dated by months. */
const LONG_MS = 120 * 86_400_000;
/** The candidate whole, the others dashed, so that no line needs its colour to be told apart. */
const DASHES: Record<LineName, number[]> = { candidate: [1, 0], incumbent: [7, 4], buyAndHold: [2, 4] };

export interface LineChart {
  readonly title: string;
  readonly axis: string;
  /** What the legend says behind each name. */
  readonly legend: (name: LineName) => string;
  readonly values: (lines: Lines, name: LineName) => readonly number[];
  readonly isFilled: boolean;
}

/** Candidate, incumbent and buy and hold on the selection data, every day of them, as an SVG file. */
export function lineChart(pack: Pack, chart: LineChart): Promise<string> {
  const label = pack.dataset.isSimulated ? 'SIMULATED DATA · ' : '';
  const subtitle = `${label}selection data, ${days(pack.spans.selection)}, after fees, spread and slippage`;
  const lines = linesOf(pack);
  const words = {
    title: chart.title,
    description: `${subtitle}. ${LINE_NAMES.map(chart.legend).join(', ')}.`,
  };
  if (lines === null) return vegaSvg(tooShort(chart.title, subtitle), words);
  const names = LINE_NAMES.map((name) => chart.legend(name));
  const values = LINE_NAMES.flatMap((name, order) => {
    const line = chart.values(lines, name);
    return lines.time.map((time, index) => ({ time, value: line[index]!, line: names[order]!, order }));
  });
  const colour = {
    field: 'line',
    type: 'nominal',
    sort: null,
    scale: { domain: names, range: LINE_NAMES.map((name) => COLOURS[name]) },
  } as const;
  const x = {
    field: 'time',
    type: 'temporal',
    scale: { type: 'utc' },
    axis: { title: null, grid: false, tickCount: 8, format: dateFormat(lines) },
  } as const;
  const y = { field: 'value', type: 'quantitative', axis: { title: chart.axis, format: '~%', tickCount: 6 } } as const;
  return vegaSvg(
    {
      width: WIDTH,
      height: HEIGHT,
      title: { text: chart.title, subtitle },
      layer: [
        ...(pack.dataset.isSimulated ? [watermark()] : []),
        { data: { values: [{ value: 0 }] }, mark: { type: 'rule', color: COLOURS.quiet }, encoding: { y } },
        ...(chart.isFilled
          ? [
              {
                data: { values: values.filter(({ order }) => order === 0) },
                mark: { type: 'area', color: COLOURS.candidate, opacity: 0.14 } as const,
                encoding: { x, y },
              },
            ]
          : []),
        {
          data: { values },
          mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
          encoding: {
            x,
            y,
            color: colour,
            strokeDash: {
              field: 'line',
              type: 'nominal',
              sort: null,
              scale: { domain: names, range: LINE_NAMES.map((name) => DASHES[name]) },
            },
            // The candidate is what the reader came for, so it lies on top.
            detail: { field: 'order', type: 'ordinal' },
          },
        },
      ],
    },
    words,
  );
}

function dateFormat({ time }: Lines): string {
  return time.at(-1)! - time[0]! > LONG_MS ? '%b %Y' : '%-d %b %Y';
}

function watermark() {
  return {
    data: { values: [{}] },
    mark: {
      type: 'text',
      text: 'SIMULATED',
      x: WIDTH / 2,
      y: HEIGHT / 2,
      angle: 346,
      color: COLOURS.mark,
      opacity: 0.12,
      fontSize: 104,
      fontWeight: 800,
    },
    encoding: {},
  } as const;
}

function tooShort(title: string, subtitle: string): TopLevelSpec {
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: title, subtitle },
    data: { values: [{}] },
    mark: { type: 'text', text: 'Too few days to draw.', x: WIDTH / 2, y: HEIGHT / 2, color: COLOURS.quiet, fontSize: 14 },
    encoding: {},
  };
}
