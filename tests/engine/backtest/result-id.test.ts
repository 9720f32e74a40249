import { describe, expect, it } from 'vitest';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { resultIdOf, SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import type { BacktestRequest } from '#engine/backtest/types.ts';
import { datasetOf, FROM, marketsOf, usualRules } from './bench-market.ts';

const request: BacktestRequest = {
  artifact: 'sha256:a',
  parameters: { fast: 9 },
  dataset: datasetOf(new Map(), '1h'),
  span: { from: FROM, to: FROM + 1 },
  markets: marketsOf(['BTC/USDT', 'ETH/USDT']),
  capital: 10_000,
  seed: 1,
  delayBars: 0,
};

describe('a result id', () => {
  it.each(Object.keys(usualRules) as (keyof typeof usualRules)[])("changes with one market's %s", (rule) => {
    const changed = { ...usualRules, [rule]: usualRules[rule] * 2 };
    expect(resultIdOf({ ...request, markets: { ...request.markets, 'ETH/USDT': changed } })).not.toBe(resultIdOf(request));
  });

  it('depends on which symbol has which rules', () => {
    const dear = { ...usualRules, takerFeeRate: 0.004 };
    const one = { 'BTC/USDT': dear, 'ETH/USDT': usualRules };
    const other = { 'BTC/USDT': usualRules, 'ETH/USDT': dear };
    expect(resultIdOf({ ...request, markets: one })).not.toBe(resultIdOf({ ...request, markets: other }));
  });

  it('is the digest of everything a result depends on, the meaning of fills included, in whatever order it was written', () => {
    const { dataset, ...rest } = request;
    expect(resultIdOf(request)).toBe(digestOfJson({ ...rest, dataset: dataset.digest, semantics: SEMANTICS_VERSION }));
    expect(resultIdOf(request)).not.toBe(digestOfJson({ ...rest, dataset: dataset.digest, semantics: SEMANTICS_VERSION + 1 }));
    const { 'BTC/USDT': btc, 'ETH/USDT': eth } = request.markets;
    expect(resultIdOf({ ...request, markets: { 'ETH/USDT': eth!, 'BTC/USDT': btc! } })).toBe(resultIdOf(request));
  });
});
