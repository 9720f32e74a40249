import { expect, it } from 'vitest';
import type { Stage } from '#engine/contract/manifest.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Instant } from '#engine/feeds/feed.ts';
import { StoredSeries } from '#engine/feeds/replay-feed.ts';
import { builderAt } from '#engine/runtime/history.ts';
import type { LoadedVersion, LoadRequest } from '#engine/runtime/loaded-version.ts';
import { type AccountRequest, accountKindOf, type SlotAccount } from '#engine/runtime/slot-account.ts';
import { SlotMemory } from '#engine/runtime/slot-memory.ts';
import { StrategySlot } from '#engine/runtime/strategy-slot.ts';
import { VersionAtWork } from '#engine/runtime/version-at-work.ts';

const minute = 60_000;
const symbol = 'BTC/USD';
const empty = new Float64Array(0);
const series = [
  new StoredSeries(symbol, '1m', { time: empty, open: empty, high: empty, low: empty, close: empty, volume: empty }),
];

/** A place at a venue: what was asked for it and told to it, and whether an order of it is still on its way. */
function stand() {
  const asked: Pick<AccountRequest, 'kind' | 'stage' | 'barMs' | 'snapshot'>[] = [];
  const loaded: LoadRequest[] = [];
  const halts: string[] = [];
  const expected: (readonly string[])[] = [];
  const records: ReturnType<SlotAccount['takeRecord']>[] = [];
  const trouble: { load: Error | null; open: Error | null } = { load: null, open: null };
  const at = { rest: true, released: 0, equity: 10_000, capital: 0, records, trouble };
  const release = () => {
    at.released += 1;
  };
  const openAccount = ({ kind, stage, symbols, barMs, snapshot }: AccountRequest): SlotAccount => {
    const { open } = trouble;
    trouble.open = null;
    if (open !== null) throw open;
    asked.push({ kind, stage, barMs, snapshot });
    // The share is the strategy's, whichever version asked for it last.
    at.capital = stage === 'live' ? 5_000 : 1_000;
    return {
      settings: { symbols, barMs },
      onBars: () => undefined,
      submit: () => undefined,
      positions: () => [{ symbol, quantity: 0, entryPrice: 0, barsHeld: 0 }],
      equity: () => at.equity,
      takeRecord: () => at.records.shift() ?? { fills: [], trades: [], denials: [] },
      setHalt: (halt) => halts.push(halt),
      setVersion: () => undefined,
      snapshot: () => ({ capital: at.capital }) as never,
      ...(kind === 'venue' ? { isAtRest: () => at.rest, release } : {}),
    };
  };
  const load = async (request: LoadRequest) => {
    loaded.push(request);
    if (trouble.load !== null) throw trouble.load;
    const { tree, manifest } = request.candidate;
    return version(tree, manifest.stage, '5m', 5 * minute, false, request.until);
  };
  const slot = new StrategySlot(
    {
      id: 'trend',
      series,
      openAccount,
      kindOf: accountKindOf,
      expect: (_, { symbols }) => expected.push(symbols),
      load,
      clock: () => 0,
    },
    0,
  );
  const take = async (instant: Instant) => (await slot.take(instant)).carryOut();
  return { slot, take, asked, loaded, halts, expected, at };
}

function version(tree: string, stage: Stage, timeframe: Timeframe, barMs: number, isBad = false, until = 0): LoadedVersion {
  let decided = 0;
  const live = {
    step: async () => {
      if (isBad) throw new RatchetError('sandbox/strategy-fault', 'The strategy failed: it cannot.', 'Correct it.');
      decided += 1;
      return { decisions: [{ symbol, action: 'hold', reason: tree }], state: { symbols: { [symbol]: decided } } };
    },
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
  const { slot, take, asked } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  await slot.challenge(version('two', 'live', '1m', minute, true, minute));
  const { rejected } = await take(bar(1));
  expect(rejected?.version.candidate.tree).toBe('two');
  expect(asked.map(({ stage }) => stage)).toEqual(['canary', 'live', 'canary']);
  // And with its share, not with that of the version that failed.
  expect(asked.at(-1)?.snapshot?.capital).toBe(1_000);
});

it('has a version of longer bars take over what was decided since it was loaded', async () => {
  const { slot, take, loaded } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  await slot.challenge(version('two', 'canary', '5m', 5 * minute, false, minute));
  for (const index of [1, 2, 3]) await take(bar(index));
  const { adopted, steps } = await take(bar(4));
  expect(adopted?.version.candidate.tree).toBe('two');
  // What it decides is recorded at the close that both share.
  expect(steps.map(({ instant }) => instant)).toEqual([5 * minute]);
  expect(loaded.map(({ until, state }) => ({ until, state }))).toEqual([
    { until: 4 * minute, state: { symbols: { [symbol]: 4 } } },
  ]);
});

/** A version of longer bars on trial behind one that runs, which closes its first bar with the next. */
async function onTrial() {
  const scene = stand();
  const { slot, take } = scene;
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  const next = version('two', 'canary', '5m', 5 * minute, false, minute);
  const closed: string[] = [];
  await slot.challenge({ ...next, live: { ...next.live, close: async () => void closed.push('two') } });
  for (const index of [1, 2, 3]) await take(bar(index));
  return { ...scene, closed };
}

it('lets go of the process a version was loaded in once it is loaded anew', async () => {
  const { take, closed } = await onTrial();
  expect((await take(bar(4))).adopted?.version.candidate.tree).toBe('two');
  expect(closed).toEqual(['two']);
});

it.each([
  ['sandbox/crashed', 'The sandbox process cannot be started: spawn EAGAIN.'],
  ['sandbox/interrupted', 'The sandbox process was ended from outside (SIGTERM).'],
])('dismisses a version on trial that fails by %s, and may try it again', async (code, message) => {
  const { slot, take, at, closed } = await onTrial();
  at.trouble.load = new RatchetError(code, message, 'Start another sandbox.');
  const { rejected, adopted, faults, steps } = await take(bar(4));
  expect(rejected).toMatchObject({ isFinal: false, fault: { code, message } });
  expect([adopted, faults, slot.challenger, closed]).toEqual([null, [], null, ['two']]);
  // The version that runs has decided.
  expect(steps.map(({ treeHash }) => treeHash)).toEqual(['one']);
});

it('rejects a version on trial for good where it fails by itself', async () => {
  const { take, at } = await onTrial();
  at.trouble.load = new RatchetError(
    'sandbox/timeout',
    "The sandbox process was ended: 'load' took too long.",
    'Look for a loop.',
  );
  expect(await take(bar(4))).toMatchObject({ rejected: { isFinal: true }, faults: [{ code: 'sandbox/timeout' }] });
});

it.each([
  ['a full disk', Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })],
  ['a journal that is behind', new RatchetError('engine/begin-anew', 'The journal may be behind.', 'Start the engine again.')],
  ['the end of the engine', new RatchetError('engine/interrupted', 'It was told to end.', 'Start the engine again.')],
])('blames no version on trial for %s', async (_what, trouble) => {
  const { slot, take, at } = await onTrial();
  at.trouble.open = trouble;
  await expect(take(bar(4))).rejects.toBe(trouble);
  expect(slot.challenger?.candidate.tree).toBe('two');
});

it('does not remember for the next start why it could not start this time', async () => {
  const { slot, take } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  const memory = SlotMemory.parse({ ...JSON.parse(slot.standing()!.memory), state: null });
  const again = stand().slot;
  again.resume({ strategy: 'trend', deployment: 1, account: { books: [{ symbol }] } as never, memory }, null, 'spawn EAGAIN');
  expect(again.heldReason).toBe('spawn EAGAIN');
  expect(JSON.parse(again.standing()!.memory)).toMatchObject({ heldReason: null, restartsLeft: 1 });
});

it('neither counts nor remembers that its process ended with the engine', async () => {
  const trouble = new RatchetError('engine/interrupted', 'It was told to end.', 'Start the engine again.');
  const running = version('one', 'paper', '1m', minute);
  const work = new VersionAtWork(series, () => Promise.reject(new Error('nothing is loaded here')));
  const memory = { state: null, restartsLeft: 1, heldReason: null };
  work.resume({ ...running, live: { ...running.live, step: () => Promise.reject(trouble) } }, memory);
  const faults: never[] = [];
  await expect(work.decide({ time: 0, bars: bar(0).bars }, [], faults)).rejects.toBe(trouble);
  expect([faults, work.memory]).toEqual([[], memory]);
});

it('records what it was worth last while something it holds has no price yet, and watches its limits by that', async () => {
  const { slot, take, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  at.equity = Number.NaN;
  const { steps } = await take(bar(1));
  expect(steps.map(({ equity }) => equity)).toEqual([10_000]);
  expect(JSON.parse(slot.standing()!.memory).watch).toMatchObject({ peak: 10_000, equity: 10_000 });
});

it('buys nothing more once its next version trades elsewhere, and changes only when no order is on its way', async () => {
  const { slot, take, halts, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  expect(halts.at(-1)).toBe('active');
  at.rest = false;
  await slot.challenge(version('two', 'paper', '1m', minute, false, minute));
  expect(halts.at(-1)).toBe('reducing');
  expect((await take(bar(1))).adopted).toBeNull();
  expect(at.released).toBe(0);
  await slot.challenge(version('two', 'paper', '1m', minute, false, 2 * minute));
  at.rest = true;
  expect((await take(bar(2))).adopted?.version.candidate.tree).toBe('two');
  expect(at.released).toBe(1);
});

it('is not left while an order is on its way', async () => {
  const { slot, take, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  at.rest = false;
  slot.setLeaving(true);
  expect((await take(bar(1))).left).toBeNull();
  at.rest = true;
  expect((await take(bar(2))).left).not.toBeNull();
  expect(at.released).toBe(1);
});

it('records what happens while the strategy decides, and what was sold without a decision', async () => {
  const { slot, take, at } = stand();
  await slot.challenge(version('one', 'canary', '1m', minute));
  await take(bar(0));
  const fill = (reason: string) => ({ reason }) as never;
  const forced = (reason: string) => [{ symbol, cause: 'horizon', reason, checks: [] }] as const;
  const expired = { time: 0, symbol, code: 'expired', reason: 'an order of before' } as const;
  at.records.push(
    { fills: [fill('before')], trades: [fill('before')], denials: [], forced: forced('before') },
    { fills: [fill('meanwhile')], trades: [fill('meanwhile')], denials: [expired], forced: forced('meanwhile') },
  );
  const [step] = (await take(bar(1))).steps;
  const both = [{ reason: 'before' }, { reason: 'meanwhile' }];
  expect(step).toMatchObject({ fills: both, trades: both, forced: both });
  // It denies what was decided before, and not the hold of this bar.
  expect(step).toMatchObject({ denials: [expired], decisions: [{ outcome: 'held', checks: [] }] });
});

it('tells the venue account of what a version on trial trades there, and of nothing that is on paper', async () => {
  const { slot, expected } = stand();
  await slot.challenge(version('one', 'paper', '1m', minute));
  expect(expected).toEqual([]);
  await slot.challenge(version('two', 'canary', '1m', minute));
  expect(expected).toEqual([[symbol]]);
});

it('leaves no process behind that begins while it is closed', async () => {
  const closed: string[] = [];
  const begun = version('again', 'paper', '1m', minute);
  const live = { ...begun.live, close: async () => void closed.push('again') };
  let work: VersionAtWork | null = null;
  const load = async (): Promise<LoadedVersion> => {
    await work!.close();
    return { ...begun, live };
  };
  work = new VersionAtWork(series, load);
  work.resume(version('one', 'paper', '1m', minute, true), { state: null, restartsLeft: 1, heldReason: null });
  await work.decide({ time: 0, bars: bar(0).bars }, [], []);
  expect(closed).toEqual(['again']);
});
