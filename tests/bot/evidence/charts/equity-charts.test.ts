import { describe, expect, it } from 'vitest';
import { drawdownMermaid } from '#bot/evidence/charts/drawdown-mermaid.ts';
import { drawdownSvg } from '#bot/evidence/charts/drawdown-svg.ts';
import { equityMermaid } from '#bot/evidence/charts/equity-mermaid.ts';
import { equitySvg } from '#bot/evidence/charts/equity-svg.ts';
import { POINTS_MAX } from '#bot/evidence/charts/line-mermaid.ts';
import { drawdowns, spread } from '#bot/evidence/charts/series.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

describe('the chart in the body', () => {
  it('has three lines of at most sixty points with the last one kept', () => {
    const chart = equityMermaid(samplePack())!;
    const lines = [...chart.matchAll(/^ {2}line \[(.*)\]$/gm)].map((match) => match[1]!.split(', ').map(Number));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toHaveLength(POINTS_MAX);
      expect(line.every(Number.isFinite)).toBe(true);
    }
    const pack = samplePack();
    expect(lines[0]!.at(-1)).toBeCloseTo(pack.candidate.selection.metrics.netReturn * 100, 2);
    expect(chart).not.toContain('e-');
  });

  it('says when the market was made by a program', () => {
    expect(
      equityMermaid(
        samplePack((made) => {
          made.dataset.isSimulated = true;
        }),
      ),
    ).toContain('(SIMULATED)');
    expect(equityMermaid(samplePack())).not.toContain('SIMULATED');
  });

  it('is left out when there is nothing to draw', () => {
    expect(
      equityMermaid(
        samplePack((made) => {
          made.equity = { time: [], candidate: [], incumbent: [], buyAndHold: [] };
        }),
      ),
    ).toBeNull();
  });
});

describe('the drops in the body', () => {
  it('never rise above zero and reach the worst drop at ends of days', () => {
    const pack = samplePack();
    const line = drawdownMermaid(pack)!
      .match(/^ {2}line \[(.*)\]$/m)![1]!
      .split(', ')
      .map(Number);
    expect(Math.max(...line)).toBeLessThanOrEqual(0);
    expect(Math.min(...line)).toBeGreaterThanOrEqual(-pack.candidate.selection.metrics.maxDrawdown * 100 - 0.005);
  });
});

describe.each([
  ['results', equitySvg, 'Candidate +17.1%, Incumbent −24.6%, Buy and hold +39.1%'],
  ['drops', drawdownSvg, 'Candidate −7.33%, Incumbent −27.0%, Buy and hold −22.2%'],
])('the picture of %s beside the pack', (_, draw, words) => {
  it('is the same bytes whatever the time zone and however often it is drawn', async () => {
    const zone = process.env.TZ;
    const here = await draw(samplePack());
    try {
      process.env.TZ = 'Pacific/Auckland';
      expect(await draw(samplePack())).toBe(here);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it('draws every day of the three lines, and no number that is none', async () => {
    const svg = await draw(samplePack());
    const lines = [
      ...svg.matchAll(/<path aria-label="[^"]*" role="graphics-symbol" aria-roledescription="line mark" d="([^"]*)"/g),
    ];
    expect(lines).toHaveLength(3);
    for (const [, path] of lines) expect(path!.split('L')).toHaveLength(samplePack().equity.time.length);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('shouts SIMULATED across the plot when it is', async () => {
    const simulated = (made: Pack) => {
      made.dataset.isSimulated = true;
    };
    expect(await draw(samplePack(simulated))).toMatch(/>SIMULATED<\/text>[\s\S]*SIMULATED DATA/);
    expect(await draw(samplePack())).not.toContain('SIMULATED');
  });

  it('says in words what the lines say: in the legend, whole, and to a screen reader', async () => {
    const svg = await draw(samplePack());
    expect(svg.match(/<desc>(.*?)<\/desc>/)![1]).toContain(words);
    for (const entry of words.split(', ')) expect(svg).toContain(`>${entry}</text>`);
  });

  it('has a dark side for readers whose theme is dark', async () => {
    expect(await draw(samplePack())).toContain('@media (prefers-color-scheme:dark){[fill="#ffffff"]{fill:#0d1117}');
  });

  it('says so when there is nothing to draw', async () => {
    const short = samplePack((made) => {
      made.equity = { time: [1], candidate: [1], incumbent: [1], buyAndHold: [1] };
    });
    expect(await draw(short)).toContain('Too few days to draw.');
  });

  it('draws a total loss and lines that do not move', async () => {
    const flat = samplePack((made) => {
      const values = made.equity.time.map(() => made.capital);
      made.equity = { ...made.equity, candidate: values, incumbent: values.map(() => 0), buyAndHold: values };
    });
    expect(await draw(flat)).not.toMatch(/NaN|Infinity/);
  });

  it('asks nobody for anything: no script, no address but those of its own language', async () => {
    const svg = await draw(samplePack());
    expect(svg).not.toMatch(/<script|<image|<foreignObject|url\((?!#)/);
    expect([...svg.matchAll(/https?:\/\/[^"' )]*/g)].map(String)).toEqual([
      'http://www.w3.org/2000/svg',
      'http://www.w3.org/1999/xlink',
    ]);
  });
});

describe('series', () => {
  it('measure drops from the highest point so far, the start included', () => {
    expect(drawdowns([-0.1, 0.25, 0]).map((drop) => Number(drop.toFixed(4)))).toEqual([-0.1, 0, -0.2]);
  });

  it('spread points evenly with both ends', () => {
    expect(spread(410, 60)[0]).toBe(0);
    expect(spread(410, 60).at(-1)).toBe(409);
    expect(spread(3, 60)).toEqual([0, 1, 2]);
  });
});
