import { expect, it } from 'vitest';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { Instant } from '#engine/feeds/feed.ts';
import { StoredSeries } from '#engine/feeds/replay-feed.ts';
import { builderAt } from '#engine/runtime/history.ts';
import type { LoadedVersion } from '#engine/runtime/loaded-version.ts';
import { type AccountRequest, accountKindOf, type SlotAccount } from '#engine/runtime/slot-account.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';

const minute = 60_000;
const symbol = 'BTC/USD';
const empty = new Float64Array(0);
const series = [
  new StoredSeries(symbol, '1m', { time: empty, open: empty, high: empty, low: empty, close: empty, volume: empty }),
];

/** A place at a venue: what was asked for it and told to it, and whether an order of it is still on its way. */
function stand() {
  const asked: Pick<AccountRequest, 'kind' | 'stage' | 'barMs'>[] = [];
  const halts: string[] = [];
  const at = { rest: true, released: 0 };
  const release = () => {
    at.released += 1;
  };
  const openAccount = ({ kind, stage, symbols, barMs }: AccountRequest): SlotAccount => {
    asked.push({ kind, stage, barMs });
    return {
      settings: { symbols, barMs },
      onBars: () => undefined,
      submit: () => undefined,
      positions: () => [{ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }],
      equity: () => 10_000,
      takeRecord: () => ({ fills: [], trades: [], denials: [] }),
      setHalt: (halt) => halts.push(halt),
      setVersion: () => undefined,
      snapshot: () => ({}) as never,
      ...(kind === 'venue' ? { isAtRest: () => at.rest, release } : {}),
    };
  };
  const load = () => Promise.reject(new Error('nothing is loaded anew'));
  const slot = new StrategySlot({ id: 'trend', series, openAccount, kindOf: accountKindOf, load, clock: () => 0 }, 0);
  return { slot, asked, halts, at };
}

function version(tree: string, stage: Stage, timeframe: Timeframe, barMs: number, isBad = false, until = 0): LoadedVersion {
  const live = {
    decide: async () => {
      if (isBad) throw new Error('it cannot');
      return [{ symbol, action: 'hold', reason: tree }];
    },
    snapshot: async () => null,
    close: async () => undefined,
  };
  const candidate = { tree, manifest: { stage } };
  const builder = builderAt(series, [symbol], timeframe, until);
  return { candidate, symbols: [symbol], timeframe, barMs, anchor: 0, live, builder, lacking: [] } as never;
}

const bar = (index: number): Instant => ({
  time: (index + 1) * minute,
  bars: [{ symbol, time: index * minute, open: 1, high: 1, low: 1, close: 1, volume: 1 }],
  ages: [0],
  missing: [],
});

it('gives the account back to the version that runs, with its stage and its bars, when the next one fails its trial', async () => {
  const { slot, asked } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await slot.take(bar(0));
  await slot.challenge(version('two', 'live', '1m', minute, true, minute));
  const { rejected } = await slot.take(bar(1));
  expect(rejected?.version.candidate.tree).toBe('two');
  expect(asked.map(({ stage }) => stage)).toEqual(['canary', 'live', 'canary']);
});

it('buys nothing more once its next version trades elsewhere, and changes only when no order is on its way', async () => {
  const { slot, halts, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await slot.take(bar(0));
  expect(halts.at(-1)).toBe('active');
  at.rest = false;
  await slot.challenge(version('two', 'paper', '1m', minute, false, minute));
  expect(halts.at(-1)).toBe('reducing');
  expect((await slot.take(bar(1))).adopted).toBeNull();
  expect(at.released).toBe(0);
  await slot.challenge(version('two', 'paper', '1m', minute, false, 2 * minute));
  at.rest = true;
  expect((await slot.take(bar(2))).adopted?.version.candidate.tree).toBe('two');
  expect(at.released).toBe(1);
});

it('is not left while an order is on its way', async () => {
  const { slot, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await slot.take(bar(0));
  at.rest = false;
  slot.setLeaving(true);
  expect((await slot.take(bar(1))).left).toBeNull();
  at.rest = true;
  expect((await slot.take(bar(2))).left).not.toBeNull();
  expect(at.released).toBe(1);
});
