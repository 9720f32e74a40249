import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parse } from 'yaml';
import { MARKETS_PATH, MarketCosts, rulesFor } from '#bot/evidence/market-costs.ts';
import { fetchableVenues } from '#engine/candles/open-venue.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { EngineOptionsInput, FollowedMarket } from '#engine/runtime/options.ts';
import { wantsOfStrategies } from '../up/strategy-wants.ts';
import type { Workspace } from '../up/workspace.ts';
import { rehearsalAt, rehearsalKeyIn } from './rehearsal-address.ts';

const REHEARSAL = 'rehearsal';
export const venueNames = [...fetchableVenues, REHEARSAL];

/** What is typed to follow an exchange. */
export interface VenueFlags {
  readonly feed?: string;
  readonly venue?: string;
  readonly symbols?: string;
  readonly timeframe?: Timeframe;
  readonly confirmLive?: string;
  readonly capital: number;
}

interface Wanted {
  readonly symbols: string[];
  readonly timeframe: Timeframe;
}
type Place = Pick<FollowedMarket, 'exchange' | 'baseUrl' | 'pace'>;
type Followed = Pick<EngineOptionsInput, 'market' | 'venue' | 'capital'>;

/**
 * The market of an exchange, followed as its candles close, and where real orders go; null when no exchange was named.
 * @throws RatchetError `engine/no-symbols`, `engine/no-rehearsal`, `evidence/no-costs`
 */
export async function followedMarket(flags: VenueFlags, workspace: Workspace): Promise<Followed | null> {
  const name = flags.venue ?? flags.feed;
  if (name === undefined) return null;
  const place: Place = name === REHEARSAL ? rehearsalAt(workspace.root) : placeOf(name);
  const wants = await wantsOf(flags);
  const costs = MarketCosts.parse(parse(readFileSync(MARKETS_PATH, 'utf8')));
  const markets = Object.fromEntries(wants.symbols.map((symbol) => [symbol, rulesFor(costs, place.exchange, symbol)]));
  const { confirmLive, venue } = flags;
  const confirmation = confirmLive === undefined ? {} : { confirmLive, confirmedBy: userInfo().username };
  const { exchange, baseUrl } = place;
  return {
    market: { ...place, ...wants, markets },
    ...(venue === undefined ? {} : { venue: { exchange, baseUrl, ...confirmation, ...keyOf(venue, workspace) } }),
    capital: flags.capital,
  };
}

/** A rehearsal's key lies beside its address; that of an exchange is read from the environment. */
function keyOf(venue: string, { root }: Workspace): { keyFile?: string } {
  return venue === REHEARSAL ? { keyFile: rehearsalKeyIn(root) } : {};
}

function placeOf(name: string): Place {
  const exchange = fetchableVenues.find((known) => known === name);
  if (exchange === undefined) throw new RangeError(`${name} is no exchange.`);
  return { exchange };
}

/**
 * What is named, and for the rest what the strategies in this folder ask for: all their symbols, the finest of their timeframes.
 * @throws RatchetError `engine/no-symbols`
 */
export async function wantsOf({ symbols, timeframe }: Pick<VenueFlags, 'symbols' | 'timeframe'>): Promise<Wanted> {
  const named = symbols?.split(',').map((symbol) => symbol.trim());
  const wants = named !== undefined && timeframe !== undefined ? [] : await wantsOfStrategies('strategies');
  const all = named ?? [...new Set(wants.map(({ symbol }) => symbol))].sort();
  const finest = timeframe ?? wants.map((want) => want.timeframe).sort((one, other) => timeframeMs(one) - timeframeMs(other))[0];
  if (all.length === 0 || finest === undefined) {
    throw new RatchetError(
      'engine/no-symbols',
      'It is not known which markets to follow: there is no strategy in strategies/.',
      'Name them: --symbols BTC/USD,ETH/USD --timeframe 1m.',
    );
  }
  return { symbols: all, timeframe: finest };
}
