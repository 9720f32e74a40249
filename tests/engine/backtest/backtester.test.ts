import { afterEach, describe, expect, it } from 'vitest';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { type Backtester, openBacktester } from '#engine/backtest/backtester.ts';
import type { BacktestRequest } from '#engine/backtest/types.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import { artifactOf, crossSource, datasetOf, FROM, marketsOf, simulated } from './bench-market.ts';

const HOUR_MS = 3_600_000;
const symbols = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const columns = simulated(symbols, '1h', 3000);
const dataset = datasetOf(columns, '1h');

const open: Backtester[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tester) => tester.close()));
});

async function testerOf(
  artifact: StrategyArtifact,
  data: Dataset = dataset,
  bars: ReadonlyMap<string, CandleColumns> = columns,
): Promise<Backtester> {
  const tester = await openBacktester(artifact);
  open.push(tester);
  await tester.useDataset(data, bars);
  return tester;
}

function requestOf(artifact: StrategyArtifact, part: Partial<BacktestRequest> = {}): BacktestRequest {
  return {
    artifact: artifact.digest,
    parameters: {},
    dataset,
    span: { from: FROM + 300 * HOUR_MS, to: FROM + 3000 * HOUR_MS },
    markets: marketsOf(symbols),
    capital: 10_000,
    seed: 1,
    delayBars: 0,
    ...part,
  };
}

/** A strategy on BTC/USDT whose `onBar` is this body. */
function source(body: string, more = ''): string {
  return `import { defineStrategy, ema } from 'ratchet/contract';
export default defineStrategy({
  symbols: ['BTC/USDT'], timeframe: '1h',
  parameters: { fast: { default: 9, min: 2, max: 50, step: 1, description: 'bars' } },
  warmupBars: () => 50,
  indicators: ({ fast }) => ({ fast: ema(fast), slow: ema(21) }),${more}
  onBar(context) {
${body}
  },
});
`;
}

describe('a strategy in its sandbox', () => {
  it('describes itself', async () => {
    const tester = await testerOf(await artifactOf(crossSource));
    expect(tester.describe()).toMatchObject({ symbols, timeframe: '1h', higherTimeframes: [], stateVersion: null });
    expect(tester.fillParameters({})).toMatchObject({ fast: 9, slow: 21, stopLoss: 0.02, takeProfit: 0.04 });
  });

  it('gives the same bytes in two processes, and is verified from its own intents', async () => {
    const artifact = await artifactOf(crossSource);
    const request = requestOf(artifact);
    const [first, second] = await Promise.all([testerOf(artifact), testerOf(artifact)]);
    const one = await first.run(request);
    const two = await second.run(request, { verify: true });
    expect(one.metrics.trades).toBeGreaterThan(30);
    expect(canonicalJson(one)).toBe(canonicalJson(two));
    expect(canonicalJson(await first.run(request))).toBe(canonicalJson(one));
  });

  it('has another id for anything that could change the result', async () => {
    const artifact = await artifactOf(crossSource);
    const tester = await testerOf(artifact);
    const markets = marketsOf(symbols);
    const dear = { ...markets, 'SOL/USDT': { ...markets['SOL/USDT']!, takerFeeRate: 0.002 } };
    const variants: Partial<BacktestRequest>[] = [
      {},
      { parameters: { fast: 10 } },
      { span: { from: FROM + 301 * HOUR_MS, to: FROM + 3000 * HOUR_MS } },
      { capital: 10_001 },
      { seed: 2 },
      { delayBars: 1 },
      { markets: dear },
    ];
    const ids = new Set<string>();
    for (const part of variants) ids.add((await tester.run(requestOf(artifact, part))).resultId);
    expect(ids.size).toBe(variants.length);
    const named = await tester.run(requestOf(artifact, { parameters: { fast: 9 } }));
    expect(ids).toContain(named.resultId);
  });

  it('loses more when every decision executes one bar late or costs are higher, by the same code', async () => {
    const artifact = await artifactOf(crossSource);
    const tester = await testerOf(artifact);
    const plain = await tester.run(requestOf(artifact), { verify: true });
    const late = await tester.run(requestOf(artifact, { delayBars: 1 }), { verify: true });
    const entries = (times: readonly number[]): readonly number[] => times.slice(0, 3);
    const lateEntries = entries(late.trades.map(({ entryTime }) => entryTime));
    expect(lateEntries).toEqual(entries(plain.trades.map(({ entryTime }) => entryTime + HOUR_MS)));
    const dear = { takerFeeRate: 0.004, makerFeeRate: 0.004 };
    const costly = Object.fromEntries(
      Object.entries(marketsOf(symbols)).map(([symbol, rules]) => [symbol, { ...rules, ...dear }]),
    );
    expect((await tester.run(requestOf(artifact, { markets: costly }))).metrics.netReturn).toBeLessThan(plain.metrics.netReturn);
  });

  it('takes finer candles and adds them up to its own bars', async () => {
    const artifact = await artifactOf(crossSource);
    const fine = simulated(symbols, '5m', 24_000);
    const tester = await testerOf(artifact, datasetOf(fine, '5m', '5'), fine);
    const request = requestOf(artifact, {
      dataset: datasetOf(fine, '5m', '5'),
      span: { from: FROM + 300 * HOUR_MS, to: FROM + 2000 * HOUR_MS },
    });
    const result = await tester.run(request, { verify: true });
    expect(result.metrics.bars).toBe(3 * 1700);
    expect(result.trades.every(({ entryTime }) => entryTime % HOUR_MS === 0)).toBe(true);
  });
});

describe('what cannot be run is refused in one sentence', () => {
  it.each([
    [{ slow: 999 }, /slow is 999, outside its range/],
    [{ speed: 1 }, /no parameter 'speed'/],
  ])('parameters (%#)', async (parameters, message) => {
    const artifact = await artifactOf(crossSource);
    const tester = await testerOf(artifact);
    expect(() => tester.checkParameters(parameters as never)).toThrow(message);
    await expect(tester.run(requestOf(artifact, { parameters: parameters as never }))).rejects.toMatchObject({
      code: 'backtest/parameters',
    });
  });

  it('a dataset without a symbol, of a coarser timeframe, or other than the one in the sandbox', async () => {
    const artifact = await artifactOf(crossSource);
    const tester = await testerOf(artifact);
    const two = new Map([...columns].slice(0, 2));
    await expect(tester.useDataset(datasetOf(two, '1h'), two)).rejects.toMatchObject({ code: 'backtest/symbol' });
    await expect(tester.useDataset(datasetOf(columns, '1d'), columns)).rejects.toMatchObject({ code: 'backtest/timeframe' });
    const other = datasetOf(columns, '1h', '9');
    await expect(tester.run(requestOf(artifact, { dataset: other }))).rejects.toMatchObject({ code: 'backtest/dataset' });
    await expect(tester.run(requestOf(artifact, { markets: {} }))).rejects.toMatchObject({ code: 'backtest/market' });
    await expect(tester.run({ ...requestOf(artifact), artifact: 'sha256:0' })).rejects.toMatchObject({
      code: 'backtest/artifact',
    });
  });
});

describe('a strategy that misbehaves', () => {
  const runOf = async (text: string, options = {}) => {
    const artifact = await artifactOf(text);
    const tester = await testerOf(artifact);
    return tester.run(requestOf(artifact), options);
  };

  it('throws: the fault names its line', async () => {
    const text = source("    if (context.barCount > 400) throw new Error('lost');\n    return context.hold('x');");
    await expect(runOf(text)).rejects.toMatchObject({
      code: 'sandbox/strategy-fault',
      message: expect.stringMatching(/line 8.*lost/),
    });
  });

  it('returns nonsense', async () => {
    await expect(runOf(source("    context.hold('x');\n    return 42 as never;"))).rejects.toMatchObject({
      code: 'sandbox/strategy-fault',
      message: expect.stringMatching(/onBar must return/),
    });
  });

  it('never ends: its process is killed at the deadline', async () => {
    await expect(
      runOf(source("    for (;;) if (context.barCount < 0) return context.hold('x');"), { timeoutMs: 1000 }),
    ).rejects.toMatchObject({
      code: 'sandbox/timeout',
    });
  });

  it('asks for weights and stops beyond sense: every such intent is denied and nothing is bought', async () => {
    for (const call of [
      'target(Number.NaN, "x")',
      'target(2, "x")',
      'target(0.5, "x", { stopLoss: Number.NaN })',
      'limit(0.5, -1, "x")',
    ]) {
      expect((await runOf(source(`    return context.${call};`), { verify: true })).metrics.trades).toBe(0);
    }
  });

  it.each([
    ['an escape sequence', String.raw`'\x1b[2Jgone'`],
    ['a second line', String.raw`'up\n::error::'`],
    ['a carriage return', String.raw`'up\rdown'`],
    ['a bidirectional override', String.raw`'up\u202edown'`],
    ['nothing one can see', String.raw`'up\u200b'`],
    ['half of a character', String.raw`'up\ud83d'`],
    ['a line separator', String.raw`'up\u2028down'`],
  ])('gives a reason with %s: nothing of it reaches a terminal or a pull request', async (_name, text) => {
    for (const body of [`    return context.hold(${text});`, `    return context.target(0.5, ${text});`]) {
      await expect(runOf(source(body))).rejects.toMatchObject({
        code: 'backtest/answer',
        message: expect.stringMatching(/reason must be one line without control or hidden characters; write .* out/),
      });
    }
  });

  it('describes a parameter in a way that would turn a review around: it is not even loaded', async () => {
    const text = source("    return context.hold('x');").replace("'bars'", String.raw`'bars\u202e'`);
    await expect(runOf(text)).rejects.toMatchObject({
      code: 'backtest/answer',
      message: expect.stringMatching(/parameters\.fast\.description must be one line/),
    });
  });

  it('may give reasons in any script, with signs and with pictures', async () => {
    const { decisions } = await runOf(source("    return context.hold('趨勢 — größer ≥ 2 σ, всё 📈');"), { verify: true });
    expect(decisions).toMatchObject([{ reason: '趨勢 — größer ≥ 2 σ, всё 📈' }]);
  });

  it('keeps a Map in its state: refused by its path', async () => {
    const state = `\n  state: { version: 1, initial: () => ({ seen: {} as Record<string, unknown> }) },`;
    const text = source("    context.state.seen.closes = new Map();\n    return context.hold('x');", state);
    await expect(runOf(text)).rejects.toMatchObject({ message: expect.stringMatching(/seen\.closes is a Map/) });
  });

  it('lets one piece of state stand in two places, which a restart would part: verification finds it', async () => {
    const state = `\n  state: { version: 1, initial: () => ({ a: { n: 0 }, b: null as { n: number } | null }) },`;
    const body = `    const { state } = context;
    if (state.b === null) state.b = state.a;
    state.a.n += 1;
    return state.b.n % 7 === 3 ? context.target(0.5, 'odd') : context.hold('even');`;
    await expect(runOf(source(body, state))).resolves.toBeDefined();
    await expect(runOf(source(body, state), { verify: true })).rejects.toMatchObject({ code: 'backtest/state' });
  });

  it('keeps something in its module, past the static wall: every run begins with a fresh one', async () => {
    const code = `const seen = []; exports.default = {
      symbols: ['BTC/USDT'], timeframe: '1h', parameters: {}, warmupBars: () => 1, indicators: () => ({}),
      onBar(context) { seen.push(0); return seen.length > 2750 ? context.target(0.5, 'again') : context.hold('first'); } };`;
    const artifact: StrategyArtifact = { code, digest: digestOf(code), sourceDigest: digestOf(code) };
    const tester = await testerOf(artifact);
    const first = await tester.run(requestOf(artifact));
    expect((await tester.run(requestOf(artifact))).resultDigest).toBe(first.resultDigest);
    expect(first.metrics.trades).toBe(0);
  });
});
