import { sleep, systemClock } from '#engine/clock.ts';
import { storePath } from '#engine/store/open-database.ts';
import { read, strategyText, until } from '#tests/engine/runtime/engine-fixture.ts';
import { disagreements } from '#tests/simulate/rehearsal/books-agree.ts';
import type { Books } from '#tests/simulate/rehearsal/messages.ts';
import { generousLimits } from '#tests/simulate/rehearsal/restless.ts';
import { openTradingPost } from '#tests/simulate/rehearsal/trading-post.ts';
import { kill, type StartedEngine, startUntil } from './restart.ts';

const HELD = 'BTC/USD';
const AWAITED = 'ETH/USD';
const SYMBOLS = [HELD, AWAITED, ...['SOL', 'ADA', 'LINK', 'DOT', 'XRP', 'LTC', 'ATOM'].map((base) => `${base}/USD`)];
const minuteMs = 60_000;
/** So long after its end the exchange's word of a bar is final. */
const finalMs = 2_500;

/** Buys in one market to stay, and waits in another for a price that does not come; its second bar finds all of them known. */
const patient = strategyText({
  symbols: SYMBOLS,
  timeframe: '1m',
  onBar: `
    if (position.isOpen) return context.hold(\`held for \${position.barsHeld} bars\`);
    if (context.symbol === '${HELD}') return context.target(0.4, 'in to stay', { stopLoss: 0.2 });
    if (context.symbol !== '${AWAITED}' || state.bars !== 2) return context.hold('waiting');
    return context.limit(0.1, bar.close * 0.8, 'in, if it is far cheaper', { stopLoss: 0.1, expiryBars: 1000 });
  `,
});

export interface VenueRestarts {
  /** Milliseconds from starting the process to its having taken in what it missed and said Synced; in rising order. */
  readonly syncedMs: readonly number[];
  /** To that and to its having compared the account with its journal, which waits where an order was on its way at the kill; in rising order. */
  readonly comparedMs: readonly number[];
  /** Of the one that was dead while a bar closed: until its decisions on it were on disk. */
  readonly decidedMs: number;
  /** What a restart changed, or did not know; empty when all is well. */
  readonly forgotten: readonly string[];
}

/**
 * Kills an engine and starts it again, so many times, that trades nine symbols at an exchange in another process and holds a position, with
 * its stop and an entry resting there. Time is the day's own; before the last start a bar closes.
 */
export async function restartsAtVenue(count: number): Promise<VenueRestarts> {
  const post = await openTradingPost({ seed: 5, symbols: SYMBOLS, pace: null });
  const { fixture, options } = post;
  let engine: StartedEngine | null = null;
  try {
    await fixture.deploy({ patient }, { stage: 'canary', files: { 'policies/risk.yaml': generousLimits } });
    engine = await startUntil(options, ['synced']);
    const look = async () => restingOrNull(await post.books());
    const before = await until('a stop and an entry at the exchange', look, 2 * minuteMs);
    // The first kill comes as soon as the exchange has them: the engine may not have heard of it.
    const forgotten: string[] = [];
    const syncedMs: number[] = [];
    const comparedMs: number[] = [];
    let decidedMs = Number.POSITIVE_INFINITY;
    for (let each = 1; each <= count; each += 1) {
      await kill(engine);
      const missed = each === count ? await nextBar() : null;
      const began = Date.now();
      engine = await startUntil(options, ['synced', 'caught-up']);
      syncedMs.push(engine.tookMs);
      comparedMs.push(Math.max(engine.tookMs, (await comparedAfter(began, options.dir)) - began));
      forgotten.push(...unknownTo(engine, options.dir));
      if (missed !== null) {
        forgotten.push(...(await decidedOn(missed, options.dir)));
        decidedMs = Date.now() - began;
      }
      const after = await post.books();
      if (JSON.stringify(after) !== JSON.stringify(before)) forgotten.push(`restart ${each} changed what rests or is held`);
    }
    await kill(engine);
    forgotten.push(...disagreements(storePath(options.dir), await post.books()));
    for (const took of [syncedMs, comparedMs]) took.sort((one, other) => one - other);
    return { syncedMs, comparedMs, decidedMs, forgotten };
  } finally {
    if (engine !== null) await kill(engine);
    await post.close();
  }
}

/** What rests and is held at the exchange, once the position has its stop and the entry waits; null before. */
function restingOrNull(books: Books): Books | null {
  const open = books.orders.filter(({ state }) => state === 'open');
  const stop = open.find(({ kind, symbol }) => kind === 'stop' && symbol === HELD);
  const held = books.lines.find(({ asset }) => asset === HELD.split('/')[0])?.balance;
  const isProtected = stop !== undefined && held?.gt(0) === true && stop.quantity.eq(held);
  return isProtected && open.length === 2 && open.some(({ kind, symbol }) => kind === 'limit' && symbol === AWAITED)
    ? books
    : null;
}

/** Waits until the account was compared with the journal. @returns when it was, by the clock of the day like `began` */
function comparedAfter(began: number, dir: string): Promise<number> {
  return until('a comparison of the account', () => {
    const comparedAt = read(dir, (reader) => reader.journals()[0]?.cursor()?.reconciledAt ?? 0);
    return comparedAt >= began && comparedAt;
  });
}

/** What a started engine should know by now, and does not. */
function unknownTo({ events }: StartedEngine, dir: string): string[] {
  const unknown: string[] = [];
  const orders = read(dir, (reader) => reader.journals().flatMap((journal) => journal.orders()));
  const live = orders.filter(({ isFinal }) => !isFinal).map(({ role, state }) => `${role} ${state}`);
  if (live.sort().join() !== 'entry open,protection open') unknown.push(`its journal has ${live.join(' and ')} under way`);
  const status = events.filter((event) => event.kind === 'status').at(-1)!.status;
  if (status.strategies[0]?.positions !== 1) unknown.push(`its status tells of ${status.strategies[0]?.positions} positions`);
  return unknown;
}

/** Waits until a bar has closed, and the exchange's word of it is final. @returns when it closed */
async function nextBar(): Promise<number> {
  const close = (Math.floor(Date.now() / minuteMs) + 1) * minuteMs;
  await sleep(systemClock, close + finalMs - Date.now());
  return close;
}

/** Waits for what was decided on the bar that closed then. @returns what does not fit what is held and awaited */
async function decidedOn(close: number, dir: string): Promise<string[]> {
  const decided = await until('decisions on the bar that closed meanwhile', () => {
    const found = read(dir, (reader) => reader.decisions(SYMBOLS.length)).filter(({ instant }) => instant >= close);
    return found.length === SYMBOLS.length && found;
  });
  return decided
    .filter(({ symbol, reason }) => !(symbol === HELD ? /^held for \d+ bars$/ : /^waiting$/).test(reason))
    .map(({ symbol, action, reason }) => `on the bar it missed it decided to ${action} ${symbol}: ${reason}`);
}
