import { describe, expect, it } from 'vitest';
import { equityMermaid, POINTS_MAX } from '#bot/evidence/charts/equity-mermaid.ts';
import { equitySvg } from '#bot/evidence/charts/equity-svg.ts';
import { drawdowns, spread } from '#bot/evidence/charts/series.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
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

describe('the chart beside the pack', () => {
  it('is the same bytes on every platform', () => {
    expect(digestOf(equitySvg(samplePack()))).toBe('sha256:fcf014e7e2a8bbafe95e33a3c8375e76f76642f07401d9238cc1652237bffe16');
  });

  it('draws every day of the three lines twice, and no number that is none', () => {
    const svg = equitySvg(samplePack());
    const drawn = [...svg.matchAll(/class="line (?:candidate|incumbent|buyAndHold)" d="M([^"h]*)"/g)];
    expect(drawn).toHaveLength(6);
    for (const match of drawn) expect(match[1]!.split('L')).toHaveLength(samplePack().equity.time.length);
    expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('shouts SIMULATED across the plot when it is', () => {
    const svg = equitySvg(
      samplePack((made) => {
        made.dataset.isSimulated = true;
      }),
    );
    expect(svg).toContain('>SIMULATED</text>');
    expect(svg).toContain('SIMULATED DATA');
    expect(equitySvg(samplePack())).not.toContain('SIMULATED');
  });

  it('tells a screen reader what the lines say', () => {
    expect(equitySvg(samplePack())).toMatch(/<desc id="description">.*Candidate \+17\.1%, Incumbent −24\.6%/);
  });

  it('says so when there is nothing to draw', () => {
    const svg = equitySvg(
      samplePack((made) => {
        made.equity = { time: [1], candidate: [1], incumbent: [1], buyAndHold: [1] };
      }),
    );
    expect(svg).toContain('Too few days to draw.');
  });

  it('draws a total loss and lines that do not move', () => {
    const flat = equitySvg(
      samplePack((made) => {
        const values = made.equity.time.map(() => made.capital);
        made.equity = { ...made.equity, candidate: values, incumbent: values.map(() => 0), buyAndHold: values };
      }),
    );
    expect(flat).not.toMatch(/NaN|Infinity/);
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
