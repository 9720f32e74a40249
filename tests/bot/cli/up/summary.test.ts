import { expect, it } from 'vitest';
import type { Market } from '#bot/cli/up/prepare-market.ts';
import { renderSummary, type UpSummary } from '#bot/cli/up/summary.ts';

it('tells what all strategies have won or lost of what all of them began with', () => {
  const dataset = {
    isSimulated: false,
    entries: [
      { symbol: 'BTC/USDT', timeframe: '1h', bars: 100, source: { venue: 'binance', symbol: 'BTC/USDT', timeframe: '1h' } },
    ],
  };
  const market = { evaluation: { dataset } } as unknown as Market;
  const strategy = (id: string) => ({ id, tree: 'a'.repeat(40), stage: 'paper' });
  const summary: UpSummary = {
    data: { simulated: false, dataset: '', symbols: ['BTC/USDT'], timeframe: '1h', bars: 100, venue: 'binance' },
    night: { cycle: 'c', decision: 'NO_CHANGE', reason: '', trials: 0, seconds: 1, canaries: [] },
    pullRequest: null,
    gates: {},
    engine: {
      ...{ status: 'Synced', commit: 'b'.repeat(40), strategies: [strategy('one'), strategy('two')] },
      ...{ decisions: 10, trades: 2, equity: 18_843.31, capital: 20_000 },
    },
  };
  expect(renderSummary(summary, market)).toMatch(/equity 18843\.31 \(−5\.8.%\)/);
});
