import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { FeedHealth } from '#engine/feeds/feed.ts';
import type { TraderHealth } from '#engine/trading/trader-health.ts';
import type { lockHolder } from './lock.ts';
import { enginePaths } from './options.ts';
import type { TradedVenue } from './real-money.ts';

/** UTC milliseconds, by the engine's clock. */
const Millis = z.int();

/** The exchange's clock less ours, and how far off that may be, milliseconds. */
const ClockOffset = z.strictObject({ offsetMs: z.int(), uncertaintyMs: z.int() });

/** How the account at a venue stands, well or not; what a person should do something about is in the status. */
export const VenueHealth = z.strictObject({
  name: z.string(),
  account: z.string(),
  isReady: z.boolean().describe('whether it was compared with the journal since the start, and orders may be sent'),
  lookedAt: Millis.nullable().describe('when the exchange last answered a look at open orders and fills'),
  reconciledAt: Millis.nullable().describe(
    'when orders, fills and balances last agreed with the journal, or what does not was told',
  ),
  openOrders: z.int().describe('orders of ours that have not ended, those included of which no answer came'),
  openPositions: z.int(),
  sellingSince: Millis.nullable().describe(
    'everything is being sold; null when it is not, or when the exchange has confirmed that all is',
  ),
  deadMan: z
    .discriminatedUnion('state', [
      z.strictObject({ state: z.literal('armed'), until: Millis }),
      z.strictObject({ state: z.enum(['off', 'unknown', 'absent']) }),
    ])
    .describe('the switch by which the exchange withdraws our entries when we fall silent; absent where it has none'),
  clockOffset: ClockOffset.nullable(),
  money: z.strictObject({
    shares: z
      .number()
      .describe('what its strategies may have of it together, quote asset; more of them may promise the same money'),
    own: z.number().nullable().describe('what it has but for what our trades made of it; null before the first look'),
  }),
});
export type VenueHealth = z.infer<typeof VenueHealth>;

const SeriesHealth = z.strictObject({
  symbol: z.string(),
  newestClose: Millis.nullable().describe('close of the newest bar; null when there is none'),
  settledUntil: Millis.describe('until when it is known what traded, and that nothing else did'),
  missed: z.int().describe('bars that were waited for in vain'),
  corrections: z.int().describe('bars of which the exchange said something else after they were handed out'),
});

/** Where bars come from as they close, and how far they are. */
const BarsHealth = z.strictObject({
  venue: z.string(),
  stream: z.enum(['none', 'connecting', 'connected', 'lost']),
  lastMessageAt: Millis.nullable(),
  reconnects: z.int(),
  breaker: z.enum(['closed', 'half-open', 'open']),
  clockOffset: ClockOffset.nullable(),
  series: z.array(SeriesHealth),
  unstoredBars: z.int().describe('handed out, or about to be, and not yet in the candle store'),
  notices: z.array(z.string()).describe('what the exchange does not have of the history, in words'),
});
type BarsHealth = z.infer<typeof BarsHealth>;

/** What the engine measures while it runs. Apart from the status, which is published: none of it is news. */
const EngineHealth = z.strictObject({
  schema: z.literal('ratchet/engine-health/1'),
  /** Of the process that measured. */
  pid: z.int(),
  /** Null where no orders are sent to one. */
  venue: VenueHealth.nullable(),
  /** Null for a replay. */
  bars: BarsHealth.nullable(),
});
type EngineHealth = z.infer<typeof EngineHealth>;

/** As it is told: of every market how old its newest bar is now, by the exchange's clock. */
export const ToldBars = z.strictObject({
  ...BarsHealth.shape,
  series: z.array(
    z.strictObject({
      ...SeriesHealth.shape,
      ageMs: z.int().nullable().describe("how long ago its newest bar closed, milliseconds by the exchange's clock"),
    }),
  ),
});
export type ToldBars = z.infer<typeof ToldBars>;

export interface ToldHealth {
  readonly venue: VenueHealth | null;
  readonly bars: ToldBars | null;
}

export function venueHealth(health: TraderHealth, { name, account }: TradedVenue): VenueHealth {
  const { isReady, lookedAt, reconciledAt, openOrders, openPositions, halt, deadMan, clockOffset, money } = health;
  const sellingSince = halt.mode === 'flattening' ? halt.since : null;
  return { name, account, isReady, lookedAt, reconciledAt, openOrders, openPositions, sellingSince, deadMan, clockOffset, money };
}

function barsHealth(health: FeedHealth): BarsHealth {
  const { venue, stream, lastMessageAt, reconnects, breaker, clock, unstoredBars, notices } = health;
  const clockOffset = clock === null ? null : { offsetMs: Math.round(clock.offset), uncertaintyMs: Math.ceil(clock.uncertainty) };
  const series = health.series.map(({ ageMs: _, ...rest }) => rest);
  return { venue, stream, lastMessageAt, reconnects, breaker, clockOffset, series, unstoredBars, notices: [...notices] };
}

/** @param now by the engine's clock */
function toldBars(bars: BarsHealth, now: number): ToldBars {
  const theirs = now + (bars.clockOffset?.offsetMs ?? 0);
  const ageMs = (close: number | null) => (close === null ? null : theirs - close);
  return { ...bars, series: bars.series.map((series) => ({ ...series, ageMs: ageMs(series.newestClose) })) };
}

/** More often it is not written: a stream brings something several times a second. Milliseconds by the engine's clock. */
const writeEveryMs = 1_000;

/** Keeps what is measured in the engine's folder, for whoever looks from another process. */
export class HealthKeeper {
  readonly #dir: string;
  readonly #clock: () => number;
  #written = '';
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** @param clock the engine's, UTC milliseconds */
  constructor(dir: string, clock: () => number) {
    this.#dir = dir;
    this.#clock = clock;
  }

  note(venue: VenueHealth | null, feed: FeedHealth | null): void {
    const now = this.#clock();
    if (now >= this.#writtenAt && now - this.#writtenAt < writeEveryMs) return;
    const bars = feed === null ? null : barsHealth(feed);
    const health: EngineHealth = { schema: 'ratchet/engine-health/1', pid: process.pid, venue, bars };
    const text = `${canonicalJson(health)}\n`;
    if (text === this.#written) return;
    const { health: path } = enginePaths(this.#dir);
    // Whole or not at all: readers never see half a file.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    this.#written = text;
    this.#writtenAt = now;
  }
}

/**
 * What the engine that runs in `dir` last measured; null where none does, or it has not measured yet.
 * @param now by the engine's clock, UTC milliseconds
 * @throws RatchetError `engine/bad-health` when the file is not what an engine writes
 */
export function readHealth(dir: string, holder: ReturnType<typeof lockHolder>, now: number): ToldHealth | null {
  if (holder === null || holder === 'unknown') return null;
  const { health: path } = enginePaths(dir);
  try {
    const { pid, venue, bars } = EngineHealth.parse(JSON.parse(readFileSync(path, 'utf8')));
    // What one before it measured says nothing of this one.
    if (pid !== holder.pid) return null;
    return { venue, bars: bars === null ? null : toldBars(bars, now) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new RatchetError('engine/bad-health', `${path} cannot be read: ${why}`, 'A running engine writes it anew.', {}, error);
  }
}
