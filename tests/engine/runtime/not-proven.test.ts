import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyPair } from '#engine/attestation/keys.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import {
  type EngineFixture,
  engineFixture,
  type RunningEngine,
  read,
  startEngine,
  strategyText,
  symbols,
  until,
  untilStatus,
} from './engine-fixture.ts';

let fixture: EngineFixture;
let running: RunningEngine;
/** What runs when a case begins. */
let first: CommitHash;

const dir = () => fixture.options().dir;
const good = strategyText();
const synced = (commit: string) =>
  untilStatus(dir(), `Synced at ${commit}`, (status) => status.status === 'Synced' && status.commit === commit);

/** One engine is told all of it, one after another, as an engine is that runs for months; its data last for minutes. */
beforeAll(async () => {
  fixture = await engineFixture({ symbols, timeframe: '1h', bars: 11_000, pastBars: 1_000 });
  first = await fixture.deploy({ trend: good });
  running = await startEngine(fixture.options({ catchUpBars: 50, paceMs: 30 }));
  await synced(first);
});
afterAll(async () => {
  await running?.stop();
  fixture?.dispose();
});

describe('what is not proven is not loaded, and what ran goes on', { timeout: 60_000 }, () => {
  const cases: [string, () => Promise<string>, string][] = [
    ['unsigned', () => fixture.deploy({ trend: strategyText({ note: 'unsigned' }) }, { signWith: null }), 'unsigned'],
    [
      'signed by a stranger',
      () => fixture.deploy({ trend: strategyText({ note: 'stranger' }) }, { signWith: createKeyPair() }),
      'unknown-key',
    ],
    ['no valid code', () => fixture.deploy({ trend: 'export default {' }), 'static-check'],
    ['real money', () => fixture.deploy({ trend: good }, { stage: 'live' }), 'stage-refused'],
    [
      'throwing at its first decision',
      () => fixture.deploy({ trend: strategyText({ onBar: "throw new Error('boom');" }) }),
      'quarantined',
    ],
    ['throwing when it is loaded', () => fixture.deploy({ trend: strategyText().replace('slow * 3', '-1') }), 'quarantined'],
    ['trading what the feed has not', () => fixture.deploy({ trend: strategyText({ symbols: ['XRP/USDT'] }) }), 'load-failed'],
    [
      'two markets that are paid for in two assets, from one pool of money',
      () => fixture.deploy({ trend: strategyText({ symbols: ['BTC/USDT', 'ETH/BTC'] }) }),
      'quarantined',
    ],
    [
      'going on in another asset with the money of the version before',
      () => fixture.deploy({ trend: strategyText({ symbols: ['ETH/BTC'] }) }),
      'other-quote',
    ],
  ];
  it.each(cases)('%s', async (name, deploy, code) => {
    const before = await synced(first);
    const bad = await deploy();
    const status = await untilStatus(
      dir(),
      `Degraded by ${code}`,
      (candidate) => candidate.commit === bad && candidate.status === 'Degraded',
    );
    expect(status.strategies).toMatchObject([
      { id: 'trend', code, status: 'Degraded', tree: before.strategies[0]!.tree, commit: first },
    ]);
    const barsThen = read(dir(), (reader) => reader.counts().decisions);
    await until('more decisions of the old version', () => read(dir(), (reader) => reader.counts().decisions > barsThen + 4));
    first = await fixture.deploy({ trend: strategyText({ note: `mended after ${name}` }) });
    await synced(first);
  });
});
