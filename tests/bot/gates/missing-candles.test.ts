import { describe, expect, it } from 'vitest';
import type { Evaluation } from '#bot/evidence/evaluation.ts';
import { missingCandles } from '#bot/gates/missing-candles.ts';

const from = Date.UTC(2024, 0, 1);
const to = Date.UTC(2024, 0, 11);
const digest = `sha256:${'d'.repeat(64)}`;
const entry = (venue: string, symbol: string) => {
  return { symbol, timeframe: '1h', source: { venue, symbol, timeframe: '1h' }, from, to, bars: 240, digest };
};
const remedyFor = (...entries: ReturnType<typeof entry>[]): string => {
  const evaluation = { dataset: { digest, isSimulated: false, entries }, seed: 9 } as unknown as Evaluation;
  const context = { repository: { dir: 'clone.git' }, base: 'a'.repeat(40) } as unknown as Parameters<typeof missingCandles>[0];
  return missingCandles(context, evaluation, null).remedy;
};

describe('candles that are not there', () => {
  it.each([
    [
      'are simulated again',
      [entry('simulated', 'BTC/USDT'), entry('simulated', 'ETH/USDT')],
      'Run ratchet data simulate --seed 9 --symbols BTC/USDT,ETH/USDT --timeframe 1h --from 2024-01-01T00:00Z --bars 240 --store DIR.',
    ],
    [
      'are fetched where an exchange serves them',
      [entry('kraken', 'BTC/USD'), entry('binance', 'ETH/USDT')],
      'Run ratchet data require --repository clone.git --at aaaaaaaaaaaa --store DIR.',
    ],
    [
      'are imported where none does',
      [entry('bitstamp', 'BTC/USD')],
      'Run ratchet data import FILES --store DIR with the files of bitstamp.',
    ],
  ])('%s', (_what, entries, way) => {
    expect(remedyFor(...entries)).toBe(`${way} Then give --candles DIR.`);
  });

  it('are brought each in its way where they are of several kinds', () => {
    const remedy = remedyFor(entry('simulated', 'A/USDT'), entry('kraken', 'B/USD'), entry('bitstamp', 'C/USD'));
    expect(remedy.match(/ratchet data \w+/g)).toEqual(['ratchet data simulate', 'ratchet data require', 'ratchet data import']);
  });
});
