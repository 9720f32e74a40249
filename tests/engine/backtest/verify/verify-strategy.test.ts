import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Backtester } from '#engine/backtest/backtester.ts';
import { StrategyDescription } from '#engine/backtest/strategy-process.ts';
import { findNodes } from '#engine/backtest/verify/find-nodes.ts';
import { type Outcome, sameOutcome } from '#engine/backtest/verify/prove-determinism.ts';
import { firstDifference, firstDifferenceUntil, Recorder } from '#engine/backtest/verify/recording.ts';
import { runElsewhere } from '#engine/backtest/verify/run-elsewhere.ts';
import type { Subject } from '#engine/backtest/verify/subject.ts';
import { verifyStrategy } from '#engine/backtest/verify/verify-strategy.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';
import { artifactOf, crossSource, datasetOf, FROM, marketsOf, simulated } from '../bench-market.ts';
import { everythingSource } from '../everything-strategy.ts';

const HOUR_MS = 3_600_000;
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const bars = 1500;
const columns = simulated(symbols, '1h', bars, 5);

async function subjectOf(source: string): Promise<Subject> {
  const artifact = await artifactOf(source);
  const dataset = datasetOf(columns, '1h');
  const span = { from: FROM + 300 * HOUR_MS, to: FROM + bars * HOUR_MS };
  const request = {
    artifact: artifact.digest,
    parameters: {},
    dataset,
    span,
    markets: marketsOf(symbols),
    capital: 10_000,
    seed: 1,
    delayBars: 0,
  };
  return { source, entry: 'strategy.ts', artifact, request, columns };
}

/** A strategy on BTC/USDT. */
function source(parts: { warmupBars: number; indicators: string; onBar: string }): string {
  return `import { atr, defineStrategy, ema, sma } from 'ratchet/contract';
export default defineStrategy({
  symbols: ['BTC/USDT'], timeframe: '1h', parameters: {},
  warmupBars: () => ${parts.warmupBars},
  indicators: () => (${parts.indicators}),
  onBar(context) {
    const { bar, indicators, position } = context;
${parts.onBar}
  },
});
`;
}

function verdicts({ checks }: Awaited<ReturnType<typeof verifyStrategy>>): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, verdict }) => [name, verdict]));
}

describe('verifying a strategy', () => {
  it('proves causality at every bar, warm-up and determinism of an honest one', async () => {
    const shares: number[] = [];
    const report = await verifyStrategy(await subjectOf(crossSource), {
      cuts: 9,
      lateStarts: 6,
      onProgress: (share) => shares.push(share),
    });
    expect(report.passed).toBe(true);
    expect(verdicts(report)).toEqual({
      'causality, every bar': 'passed',
      'causality, poisoned': 'passed',
      'warm-up': 'passed',
      'determinism, two runs': 'passed',
      'determinism, processes': 'passed',
      'determinism, Node versions': 'not shown',
    });
    const detail = (name: string): string => report.checks.find((check) => check.name === name)!.detail;
    expect(detail('causality, every bar')).toMatch(/^1200 bars, 3600 decisions, \d\d+ trades/);
    expect(detail('causality, poisoned')).toMatch(/^9 futures/);
    expect(detail('warm-up')).toMatch(/^6 starts, 1 to \d+ bars later, changed none of 3597 decisions/);
    expect(detail('determinism, Node versions')).toMatch(/^only v\d+/);
    expect(report.outcomes).toHaveLength(4);
    expect(new Set(report.outcomes.map(({ resultDigest }) => resultDigest))).toEqual(new Set([report.resultDigest]));
    expect(shares.length).toBeGreaterThan(50);
  }, 90_000);

  it('poisons after every bar when that many cuts are asked for, for a strategy that uses everything there is', async () => {
    const subject = await subjectOf(everythingSource);
    const span = { from: FROM + 600 * HOUR_MS, to: FROM + 900 * HOUR_MS };
    const report = await verifyStrategy({ ...subject, request: { ...subject.request, span } }, { cuts: 300, lateStarts: 2 });
    expect(report.checks[1]).toMatchObject({ verdict: 'passed', detail: expect.stringMatching(/^300 futures/) });
    expect(report.checks[0]).toMatchObject({
      verdict: 'passed',
      detail: expect.stringMatching(/^300 bars, 900 decisions, \d\d+ trades/),
    });
  }, 90_000);

  it('poisons no candle of a bar that has been decided on where candles are finer than the bars', async () => {
    const fine = simulated(symbols, '5m', 12 * 700, 5);
    const dataset = datasetOf(fine, '5m');
    const subject = await subjectOf(crossSource);
    const request = { ...subject.request, dataset, span: { from: FROM + 300 * HOUR_MS, to: FROM + 700 * HOUR_MS } };
    const report = await verifyStrategy({ ...subject, request, columns: fine }, { cuts: 30, lateStarts: 2 });
    expect(report.passed).toBe(true);
  }, 90_000);

  it('finds a backtester that looks one bar ahead, at the first bar that gives it away', async () => {
    const subject = await subjectOf(crossSource);
    const program = fileURLToPath(new URL('./peeking-program.ts', import.meta.url));
    const report = await verifyStrategy(subject, {
      cuts: 12,
      lateStarts: 2,
      open: async () => {
        const sandbox = await Sandbox.start({ program });
        const { output } = await sandbox.call('load', { code: subject.artifact.code });
        return new Backtester(subject.artifact, sandbox, StrategyDescription.parse(output));
      },
    });
    expect(report.passed).toBe(false);
    expect(verdicts(report)).toMatchObject({
      'causality, every bar': 'failed',
      'causality, poisoned': 'failed',
      'warm-up': 'passed',
    });
    const [everyBar, poisoned] = report.checks;
    expect(everyBar?.detail).toMatch(
      /on the bar of 2024-01-\d\dT\d\d:00:00\.000Z: .*rose through.* against nothing|nothing, against/,
    );
    expect(poisoned?.detail).toMatch(/changed a decision before them/);
  }, 90_000);

  it('finds a warm-up that is too short for the averages', async () => {
    const text = source({
      warmupBars: 60,
      indicators: '{ slow: ema(50), range: atr(14) }',
      onBar: `    if (!indicators.slow.isReady) return context.hold('not ready');
    if (position.isOpen) return bar.close < indicators.slow.value ? context.exit('below') : context.hold('in');
    return bar.close > indicators.slow.value ? context.target(0.5, 'above', { stopLoss: 2 * indicators.range.value / bar.close }) : context.hold('out');`,
    });
    const report = await verifyStrategy(await subjectOf(text), { cuts: 2, lateStarts: 40 });
    expect(verdicts(report)).toMatchObject({
      'causality, every bar': 'passed',
      'causality, poisoned': 'passed',
      'warm-up': 'failed',
    });
    expect(report.checks.find(({ name }) => name === 'warm-up')?.detail).toMatch(/too short: BTC\/USDT on the bar of 2024-/);
  }, 90_000);

  it('does not call a strategy proven that never decided anything', async () => {
    const text = source({ warmupBars: 5000, indicators: '{ mean: sma(9) }', onBar: `    return context.hold('out');` });
    const report = await verifyStrategy(await subjectOf(text), { cuts: 2, lateStarts: 2 });
    expect(verdicts(report)).toMatchObject({ 'causality, every bar': 'failed', 'warm-up': 'failed' });
  }, 60_000);
});

describe('other versions of Node', async () => {
  const nodes = await findNodes(process.env, homedir());

  it.skipIf(nodes.length === 0)(
    `${nodes.map(({ version }) => version).join(', ') || 'none here'}: give the same bytes`,
    async () => {
      const report = await verifyStrategy(await subjectOf(crossSource), {
        cuts: 1,
        lateStarts: 1,
        nodes: nodes.map(({ path }) => path),
      });
      expect(report.checks.find(({ name }) => name === 'determinism, Node versions')).toMatchObject({ verdict: 'passed' });
      expect(new Set(report.outcomes.map(({ node }) => node)).size).toBe(nodes.length + 1);
    },
    180_000,
  );

  it('that cannot be run are named', async () => {
    const subject = await subjectOf(crossSource);
    await expect(runElsewhere('/nowhere/node', subject)).rejects.toMatchObject({
      code: 'backtest/elsewhere',
      message: expect.stringContaining('/nowhere/node'),
    });
  });

  it('whose bytes differ fail the check, with both outcomes named', () => {
    const one: Outcome = { where: 'here', node: 'v20.19.0', artifact: 'a', resultId: 'i', resultDigest: 'd' };
    const other = { ...one, where: 'there', node: 'v26.0.0', resultDigest: 'e' };
    expect(sameOutcome('n', [one, one], 'same')).toMatchObject({ verdict: 'passed' });
    expect(sameOutcome('n', [one, one, other], 'same')).toMatchObject({
      verdict: 'failed',
      detail: expect.stringMatching(/here \(v20\.19\.0\).*bytes d; there \(v26\.0\.0\).*bytes e/),
    });
    for (const part of [{ artifact: 'b' }, { resultId: 'j' }]) {
      expect(sameOutcome('n', [one, { ...one, ...part }], 'same').verdict).toBe('failed');
    }
  });
});

describe('two recordings', () => {
  const record = (...decisions: [number, string, number?][]) => {
    const recorder = new Recorder();
    for (const [time, reason, weight] of decisions) {
      const action = weight === undefined ? 'hold' : 'target';
      recorder.add(time, { symbol: 'A', action, reason, ...(weight === undefined ? {} : { weight }) });
    }
    return recorder.finish();
  };

  it('are the same only with the same intents on the same bars and the same reasons as often', () => {
    const base = record([1, 'no'], [2, 'up', 0.5], [3, 'no']);
    expect(firstDifference(base, record([1, 'no'], [2, 'up', 0.5], [3, 'no']))).toBeNull();
    expect(firstDifference(base, record([1, 'no'], [2, 'up', 0.5 + 1e-16], [3, 'no']))).toMatch(/00:00:00\.002Z/);
    expect(firstDifference(base, record([1, 'no'], [2, 'no'], [3, 'up', 0.5]))).toMatch(/002Z.*against nothing/);
    expect(firstDifference(base, record([1, 'no'], [2, 'up', 0.5], [3, 'thin']))).toMatch(/count of decisions/);
  });

  it('are compared up to a bar', () => {
    const base = record([1, 'up', 0.5], [5, 'up', 0.2]);
    expect(firstDifferenceUntil(base, record([1, 'up', 0.5], [5, 'up', 0.9]), 4)).toBeNull();
    expect(firstDifferenceUntil(base, record([1, 'up', 0.5], [5, 'up', 0.9]), 5)).not.toBeNull();
    expect(firstDifferenceUntil(base, record([1, 'up', 0.5], [3, 'up', 0.9], [5, 'up', 0.2]), 4)).not.toBeNull();
  });
});
