import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { DailyForward } from '#bot/cli/readiness/daily-forward.ts';
import { measureHere } from '#bot/cli/readiness/measure-here.ts';
import { forwardText } from '#bot/gates/forward-evidence.ts';
import { READINESS_PATH, type ReadinessLimits } from '#bot/gates/readiness-policy.ts';
import { measureForward } from '#bot/readiness/measure.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { Repository } from '#engine/repository/repository.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import type { ForwardMarket } from '#engine/runtime/forward/replay-forward.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
import { EngineStore } from '#engine/store/engine-store.ts';
import {
  type EngineFixture,
  engineFixture,
  replayFrom,
  startEngine,
  strategyText,
  untilStatus,
} from '#tests/engine/runtime/engine-fixture.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { sampleForward } from '#tests/support/sample-forward.ts';

const DAY = 86_400_000;
/** Later than all that is recorded here. */
const NOW = Date.now() + 60_000;
const LIMITS: ReadinessLimits = {
  weeks: 1,
  days: 14,
  trades: 3,
  uptime: 0,
  decided: 0.99,
  missing: 0.01,
  gapBars: 2,
  ageBars: 2,
  corrections: 0,
  windowDays: 7,
  windowsUp: 0,
  edge: 0,
  drawdown: 1,
  differences: 0,
};

/** Three weeks of two symbols, played by a real engine: one version on paper, and the same in shadow. */
describe('what versions have shown in a real engine', { timeout: 90_000 }, () => {
  let fixture: EngineFixture;
  let repository: Repository;
  let state: StateBranch;
  let reader: EngineReader;
  let market: ForwardMarket;
  beforeAll(async () => {
    fixture = await engineFixture();
    const policies = {
      [READINESS_PATH]: stringify({ targets: { paper: LIMITS, canary: LIMITS } }),
      'policies/risk.yaml': stringify({ stages: { paper: { maxDrawdown: 0.5 }, canary: { maxDrawdown: 0.3 } } }),
    };
    // Without a state of its own, so that nothing is taken over from bar to bar that a replay would not know.
    const source = strategyText()
      .replace('state.bars += 1;', '')
      .replace(/state\.mean \+=.*\n/, '')
      .replace(/ && bar\.close.*\) \{/, ') {');
    await fixture.deploy({ trader: source.replace(/\n {2}state: .*\n/, '\n') }, { files: policies });
    await fixture.deploy({ watcher: source.replace(/\n {2}state: .*\n/, '\n') }, { stage: 'shadow' });
    const options = fixture.options();
    const running = await startEngine(options);
    await untilStatus(options.dir, 'the end of the data', ({ feed }) => feed === 'end-of-data', 60_000);
    await running.stop();
    reader = openReader(options.dir);
    repository = await Repository.openMirror({ dir: join(fixture.root, 'reader.git'), remoteUrl: fixture.remote.url });
    await repository.fetch();
    state = await fixture.state();
    const candles = CandleStore.open(options.candlesDir);
    const { dataset } = fixture;
    const columns = loadDataset(candles, dataset);
    market = { candlesFor: () => ({ dataset, columns, corrections: [] }), markets: options.market.markets };
    candles.close();
  }, 90_000);
  afterAll(() => {
    reader.close();
    fixture.dispose();
  });
  const measure = (from: ForwardMarket | null, only: string | null = null) =>
    measureForward({ reader, repository, state: state.snapshot(), market: from, now: NOW }, only);

  it('is, on paper, trades that the backtester makes of the same bars, to the last digit', async () => {
    const [trader] = await measure(market, 'trader');
    expect(trader).toMatchObject({ strategy: 'trader', stage: 'paper', since: replayFrom, days: expect.any(Number) });
    expect(trader!.asOf % DAY).toBe(0);
    const gate = (name: string) => trader!.readiness!.gates.find((one) => one.gate === name)!;
    expect(gate('parity')).toMatchObject({
      verdict: 'pass',
      value: 0,
      sentence: expect.stringMatching(/^0 of \d\d+ trades differ/),
    });
    expect(gate('decisions')).toMatchObject({ verdict: 'pass', value: 1 });
    expect(gate('data')).toMatchObject({ verdict: 'pass', value: 0 });
    // It was put there without evidence, so nothing was foretold.
    expect(gate('edge').verdict).not.toBe('pass');
    expect(trader!.result).toMatchObject({ isHypothetical: false, trades: expect.any(Number) });
    expect(trader!.health.at(-1)).toMatchObject({ due: 48, made: 48, faults: 0 });
  });

  it('is, in shadow, what the backtester would have made of the days, and the same decisions up to there', async () => {
    const [watcher] = await measure(market, 'watcher');
    expect(watcher).toMatchObject({ stage: 'shadow', result: { isHypothetical: true }, readiness: { target: 'paper' } });
    expect(watcher!.result!.trades).toBeGreaterThan(3);
    const gate = (name: string) => watcher!.readiness!.gates.find((one) => one.gate === name)!;
    expect(gate('parity')).toMatchObject({ verdict: 'pass', sentence: expect.stringContaining('decision') });
    expect(gate('decisions')).toMatchObject({ verdict: 'pass', value: 1 });
  });

  it('says the same however often it is asked, and why the bot would not propose it', async () => {
    const [one, other] = [await measure(market), await measure(market)];
    expect(one).toEqual(other);
    expect(one.map(({ strategy }) => strategy)).toEqual(['trader', 'watcher']);
    expect(one[0]!.readiness!.obstacle).toContain('live.allowed');
    expect(one[1]!.readiness!.obstacle).toBeNull();
  });

  it('says not-enough where the candles are gone, and judges what the record alone tells', async () => {
    const [trader] = await measure(null, 'trader');
    const verdicts = Object.fromEntries(trader!.readiness!.gates.map(({ gate, verdict }) => [gate, verdict]));
    expect(verdicts).toMatchObject({ uptime: 'pass', decisions: 'not-enough', data: 'not-enough', parity: 'not-enough' });
    expect(trader!.result!.trades).toBeGreaterThan(3);
  });

  it('is told from the candles that a feed has stored of an exchange, and from what the exchange took back of them', async () => {
    const { dir } = fixture.options();
    const record = EngineStore.open(dir);
    record.setMeta('market', 'the bars of binance as they close');
    record.close();
    const candles = join(fixture.root, 'candles');
    const store = CandleStore.open(candles);
    const past = market.candlesFor({ symbols: [], timeframe: '1h' }).columns;
    for (const [symbol, columns] of past) {
      const key = { venue: 'binance', symbol, timeframe: '1h' } as const;
      store.put(key, columns, { isSimulated: false, source: 'the feed' });
      const bar = (at: number, close: number) => {
        const { time, open, high, low, volume } = columns;
        return { time: time[at]!, open: open[at]!, high: high[at]!, low: low[at]!, close, volume: volume[at]! };
      };
      const at = columns.time.findIndex((time) => time === replayFrom + DAY);
      store.corrections.note({ ...key, was: bar(at, columns.close[at]!), is: bar(at, 1), noticedAt: 0 });
    }
    store.close();
    const place = { engine: dir, market: join(fixture.root, 'none.json'), candles };
    const [trader] = await measureHere(place, { repository, state }, { now: NOW, only: 'trader' });
    const gate = (name: string) => trader!.readiness!.gates.find((one) => one.gate === name)!;
    expect(gate('parity')).toMatchObject({ verdict: 'pass', value: 0 });
    // One of each symbol, where none is allowed.
    expect(gate('data')).toMatchObject({ verdict: 'fail', sentence: expect.stringContaining('2 were corrected') });
  });

  it('is published by a command on the engine’s machine, and read back from a clone', async () => {
    const said = await ratchetHere(
      'readiness',
      'trader',
      '--workspace',
      fixture.root,
      '--publish',
      '--remote',
      fixture.remote.url,
    );
    expect(said.code, said.stderr).toBe(0);
    expect(said.stdout).toMatch(/^trader, paper: \d+\.\d days, .+ in \d+ trades, deepest fall/);
    expect(said.stdout).toMatch(/^parity +pass +0\.00% +0\.00% +0 of \d+ trades differ/m);
    expect(said.stdout).toMatch(/^\d{4}-\d\d-\d\d +48 +48 /m);
    await repository.fetch();
    const clone = join(fixture.root, 'reader.git');
    const read = await ratchetHere('readiness', '--repository', clone, '--json');
    expect(JSON.parse(read.stdout)).toMatchObject([{ strategy: 'trader' }, { strategy: 'watcher' }]);
    expect(await ratchetHere('readiness', 'nobody', '--repository', clone)).toMatchObject({ code: 1 });
    expect(await ratchetHere('readiness', '--workspace', fixture.root, '--publish')).toMatchObject({ code: 1 });
  });

  it('is published by a bot beside the engine once a day of the market, and seldom where days are seconds', async () => {
    let now = NOW;
    const place = {
      engine: fixture.options().dir,
      market: join(fixture.root, 'none.json'),
      candles: join(fixture.root, 'candles'),
    };
    const daily = new DailyForward(place, () => now);
    const files = async () => {
      await daily.publish({ repository, state });
      return state.list('forward');
    };
    const both = ['forward/trader.json', 'forward/watcher.json'];
    const lose = () => state.update('lose', () => new Map(both.map((path) => [path, null])));
    const commit = await state.refresh();
    expect(await files()).toEqual(both);
    // Nothing has closed since.
    expect(state.commit).toBe(commit);
    await lose();
    expect(await files()).toEqual(both);
    await lose();
    now += 60_000;
    expect(await files()).toEqual([]);
    // Whoever may push there cannot keep it silent by a day that has not been.
    const invented = sampleForward({ strategy: 'trader', asOf: NOW + 1_000 * 86_400_000 });
    await state.update('invent', () => new Map([[both[0]!, Buffer.from(forwardText(invented))]]));
    now += 10 * 60_000;
    expect(await files()).toEqual(both);
    expect(await state.readText(both[0]!)).not.toContain(invented.tree);
  });
});
