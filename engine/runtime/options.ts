import { join } from 'node:path';
import { z } from 'zod';
import { StoredDataset } from '#engine/candles/dataset-schema.ts';
import { fetchableVenues } from '#engine/candles/open-venue.ts';
import { timeframes } from '#engine/candles/timeframe.ts';
import type { Dataset } from '#engine/candles/types.ts';
import { quoteOf, quoteProblem } from '#engine/contract/quote-asset.ts';
import { RatchetError } from '#engine/errors.ts';
import { StoredMarketRules } from '#engine/simulation/market-rules-schema.ts';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';

const Positive = z.number().positive();

/** Of paper accounts, by symbol. */
const Markets = z.record(z.string(), StoredMarketRules);

/** Stored candles, all of them; those from `replayFrom` on are played as if they closed now. */
const ReplayedMarket = z.strictObject({
  dataset: StoredDataset as z.ZodType<Dataset>,
  /** UTC milliseconds. Earlier bars only warm strategies up. */
  replayFrom: z.int(),
  markets: Markets,
});
export type ReplayedMarket = z.infer<typeof ReplayedMarket>;

const Exchange = z.enum(fetchableVenues);
/** A stand-in on this machine that speaks the exchange's dialect. */
const BaseUrl = z.url().optional();

/** How much faster than the day a rehearsal's time runs, and from when on, UTC milliseconds. */
export const Pace = z.strictObject({ factor: z.number().min(1).max(10_000), since: z.int() });
export type Pace = z.infer<typeof Pace>;

/** An exchange's bars, as they close. */
const FollowedMarket = z.strictObject({
  exchange: Exchange,
  baseUrl: BaseUrl,
  symbols: z.array(z.string().min(1)).min(1).max(200),
  /** The finest that a strategy needs; higher ones are built from it. */
  timeframe: z.enum(timeframes),
  /** Of a rehearsal. */
  pace: Pace.optional(),
  markets: Markets,
});
export type FollowedMarket = z.infer<typeof FollowedMarket>;

const TradingVenue = z.strictObject({
  exchange: Exchange,
  baseUrl: BaseUrl,
  /** Where the key is; without it the environment says. */
  keyFile: z.string().min(1).optional(),
  /** The account's name, typed by whoever lets canary and live strategies use its money. */
  confirmLive: z.string().min(1).optional(),
  /** Who typed it. */
  confirmedBy: z.string().min(1).max(200).optional(),
});
export type TradingVenue = z.infer<typeof TradingVenue>;

/** Everything the engine is told from outside, once, at its start. */
export const EngineOptions = z.strictObject({
  /** The engine's own folder: store, mirror, lock, status. */
  dir: z.string().min(1),
  /** Where main and the state branch are fetched from, without a token in it. */
  remoteUrl: z.string().min(1),
  /** For HTTP Basic as `x-access-token`; a parent may send a fresh one later. */
  token: z.string().min(1).optional(),
  /** Folder of the candle store. */
  candlesDir: z.string().min(1),
  market: z.union([ReplayedMarket, FollowedMarket]),
  /** Where canary and live strategies send their orders; without it they are refused. Its key comes from the environment or a file. */
  venue: TradingVenue.optional(),
  /** Paper money a strategy starts with, quote asset. */
  capital: Positive,
  /** So many instants from `replayFrom` on are past already when the engine first starts: they come at once. */
  catchUpBars: z.int().min(0).default(0),
  /** Wall-clock time between two instants after that. */
  paceMs: z.int().min(0).default(1000),
  /** How often the remote is asked. */
  pollMs: z.int().min(10).default(5000),
  /** The report in figures is published no more often than this, unless the status is too. */
  reportEveryMs: z.int().min(0).default(60_000),
  /** How long bars are kept in which detail. */
  keep: TierSettings.prefault({}),
});
export type EngineOptions = z.infer<typeof EngineOptions>;
export type EngineOptionsInput = z.input<typeof EngineOptions>;

/** Whether bars or orders are those of a stand-in on this machine. */
export function isRehearsal({ market, venue }: Pick<EngineOptions, 'market' | 'venue'>): boolean {
  return ('baseUrl' in market && market.baseUrl !== undefined) || venue?.baseUrl !== undefined;
}

/** @throws RatchetError `engine/options` with the field that is wrong, and for markets that cannot share the venue account's money */
export function parseOptions(input: unknown): EngineOptions {
  const parsed = EngineOptions.safeParse(input);
  if (!parsed.success) {
    throw new RatchetError('engine/options', `The engine's options are wrong: ${z.prettifyError(parsed.error)}`, 'Correct them.');
  }
  const { market, venue } = parsed.data;
  const symbols = symbolsOf(market);
  const bare = symbols.find((symbol) => market.markets[symbol] === undefined);
  if (bare !== undefined) {
    throw new RatchetError('engine/options', `The market says nothing of the costs of ${bare}.`, 'Name its rules under markets.');
  }
  const problem = venue === undefined ? null : quoteProblem(symbols);
  if (problem !== null) {
    throw new RatchetError(
      'engine/options',
      `These markets cannot be traded on one account: ${problem}.`,
      'Name those of one quote asset (--symbols), and give the others an engine and an account of their own.',
    );
  }
  return parsed.data;
}

/** The markets whose bars the engine has. */
export function symbolsOf(market: EngineOptions['market']): readonly string[] {
  return 'dataset' in market ? market.dataset.entries.map(({ symbol }) => symbol) : market.symbols;
}

/** What the account at the venue is in: all of its markets are paid for in that. Null where no orders are sent. */
export function venueQuoteOf({ market, venue }: Pick<EngineOptions, 'market' | 'venue'>): string | null {
  return venue === undefined ? null : quoteOf(symbolsOf(market)[0]!);
}

export interface EnginePaths {
  readonly mirror: string;
  readonly lock: string;
  readonly holder: string;
  readonly status: string;
  /** What a running engine measures. */
  readonly health: string;
  readonly report: string;
  /** An order given on this machine. */
  readonly order: string;
  /** A request to accept what froze a symbol. */
  readonly accept: string;
}

export function enginePaths(dir: string): EnginePaths {
  return {
    mirror: join(dir, 'mirror.git'),
    lock: join(dir, 'engine.lock'),
    holder: join(dir, 'engine.pid'),
    status: join(dir, 'status.json'),
    health: join(dir, 'health.json'),
    report: join(dir, 'report.json'),
    order: join(dir, 'order.json'),
    accept: join(dir, 'accept.json'),
  };
}
