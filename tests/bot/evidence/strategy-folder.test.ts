import { describe, expect, it } from 'vitest';
import { isAnalysis, strategyOfPath } from '#bot/evidence/strategy-folder.ts';

describe('the folder a path lies in', () => {
  it.each([
    ['strategies/ema-cross/strategy.ts', 'ema-cross'],
    ['strategies/ema-cross/evidence/pack.json', 'ema-cross'],
    ['strategies/README.md', null],
    ['policies/gates.yaml', null],
    ['docs/strategies/ema-cross/strategy.ts', null],
    ['strategies/analysis/market.ts', null],
    ['strategies/analysis-of-trends/strategy.ts', 'analysis-of-trends'],
  ])('%s is that of %s', (path, strategy) => {
    expect(strategyOfPath(path)).toBe(strategy);
  });

  it('is that of the analysis modules and of nothing that is merely called so', () => {
    expect(isAnalysis('strategies/analysis/trades.ts')).toBe(true);
    expect(isAnalysis('strategies/analysis-of-trends/strategy.ts')).toBe(false);
    expect(isAnalysis('strategies/analysis')).toBe(false);
  });
});
