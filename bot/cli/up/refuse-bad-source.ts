import { basename } from 'node:path';
import { MARKETS_PATH, type MarketCosts } from '#bot/evidence/market-costs.ts';
import { candleFilesAt } from '#engine/candles/import-candle-files.ts';
import { parseFileName } from '#engine/candles/parse-file-name.ts';
import { simulatedVenue } from '#engine/candles/series-key.ts';
import { RatchetError } from '#engine/errors.ts';

export interface Source {
  /** A folder or file of candles; undefined for the simulated market. */
  readonly data: string | undefined;
  readonly venue: string | undefined;
  readonly costs: MarketCosts;
}

/**
 * Judges where a new workspace's candles are to come from by names alone, before anything is made or read.
 * @throws RatchetError `candles/no-such-file`, `candles/no-files`, `candles/unclear-name`, `up/no-venue`
 */
export function refuseBadSource({ data, venue, costs }: Source): void {
  const named =
    data === undefined ? [simulatedVenue] : candleFilesAt(data).map((file) => parseFileName(basename(file)).key.venue);
  if (venue === undefined) return;
  const known = Object.keys(costs.venues).join(', ');
  if (costs.venues[venue] === undefined)
    throw noVenue(venue, `${MARKETS_PATH} does not say what ${venue} charges.`, `Name one of ${known}.`);
  if (named.includes(venue)) return;
  throw data === undefined
    ? noVenue(venue, `Without --data the market is simulated, not ${venue}'s.`, 'Give candles with --data, or leave --venue out.')
    : noVenue(venue, `${data} has no candles of ${venue}.`, `It has those of ${[...new Set(named)].join(', ')}.`);
}

function noVenue(venue: string, message: string, remedy: string): RatchetError {
  return new RatchetError('up/no-venue', message, remedy, { venue });
}
