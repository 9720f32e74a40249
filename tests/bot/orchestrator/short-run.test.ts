import { describe, expect, it } from 'vitest';
import { hopelessness, shortPartOf } from '#bot/orchestrator/short-run.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import { resultOf } from '#tests/bot/proposers/evolution/landscape.ts';

const DAY = 86_400_000;
const quarter = { from: Date.UTC(2024, 0, 1), to: Date.UTC(2024, 0, 1) + 100 * DAY };

function did(trades: number, netReturn: number): BacktestResult {
  const result = resultOf({ dailyGrowth: () => 0 });
  return { ...result, metrics: { ...result.metrics, trades, netReturn } };
}

describe('the short part of the development data', () => {
  it('is its newest quarter, from a midnight on', () => {
    const from = Date.UTC(2023, 0, 1, 7);
    const to = from + 400 * DAY;
    const short = shortPartOf({ from, to });
    expect(short).toEqual({ from: Date.UTC(2023, 0, 1) + 301 * DAY, to });
  });
});

describe('what is hopeless after the short part', () => {
  it('is silence of three months in which the incumbent traded', () => {
    expect(hopelessness(did(0, 0), did(10, -0.1), quarter)).toBe(
      'It never traded in the last 100 days of the development data, in which the version that runs traded 10 times; the rest was not run.',
    );
    expect(hopelessness(did(1, 0), did(10, -0.1), quarter)).toBeNull();
    expect(hopelessness(did(0, 0), did(9, -0.1), quarter)).toBeNull();
    expect(hopelessness(did(0, 0), did(10, -0.1), { ...quarter, from: quarter.from + 11 * DAY })).toBeNull();
  });

  it('is a loss of three tenths, and a tenth more than the incumbent', () => {
    expect(hopelessness(did(50, -0.3), did(50, -0.15), quarter)).toBe(
      'It lost 30 % in the last 100 days of the development data; the rest was not run.',
    );
    expect(hopelessness(did(50, -0.29), did(50, 0.5), quarter)).toBeNull();
    expect(hopelessness(did(50, -0.5), did(50, -0.45), quarter)).toBeNull();
  });
});
