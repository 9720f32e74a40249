import { visible } from '#bot/evidence/markdown.ts';
import { counted } from '#bot/evidence/numbers.ts';
import type { ToldBars, VenueHealth } from '#engine/runtime/health.ts';

const deadManWords: Readonly<Record<Exclude<VenueHealth['deadMan']['state'], 'armed'>, string>> = {
  off: 'not armed: no entry waits there, or a stop does that it would withdraw too',
  unknown: 'not known to be armed or not: its last setting was not confirmed',
  absent: 'none there: entries that wait stay when this engine falls silent',
};

/**
 * How the account at a venue stands, for people.
 * @param now by the engine's clock, UTC milliseconds
 * @param isToSell whether the order obeyed is to sell everything
 */
export function venueLines(venue: VenueHealth, now: number, isToSell: boolean): string[] {
  const { isReady, lookedAt, reconciledAt, openOrders, deadMan, clockOffset, money } = venue;
  const ready = isReady ? '' : ', which it must be before anything is sent';
  return [
    `  looked at ${ago(lookedAt, now)}, compared with the journal ${ago(reconciledAt, now)}${ready}; ${counted(openOrders, 'open order')}`,
    `  its clock ${offset(clockOffset)}; dead-man switch ${deadManText(deadMan)}`,
    ...(isToSell ? [`  ${sale(venue, now)}`] : []),
    ...(money.own !== null && money.shares > money.own ? [`  ${tooLittle(money.shares, money.own)}`] : []),
  ];
}

/**
 * How far the bars of an exchange are, for people.
 * @param now by the engine's clock, UTC milliseconds
 * @param isClockTold whether the exchange's clock was told of already, as that of the account
 */
export function barLines(bars: ToldBars, now: number, isClockTold: boolean): string[] {
  const { venue, stream, lastMessageAt, reconnects, breaker, clockOffset, series, unstoredBars, notices } = bars;
  const told = stream === 'none' ? 'by asking' : `by a stream that is ${stream}, last heard ${ago(lastMessageAt, now)}`;
  const broke = reconnects === 0 ? '' : `, taken up again ${counted(reconnects, 'time')}`;
  return [
    `Bars of ${venue} come ${told}${broke}${breaker === 'closed' ? '' : `; it is left alone for a while (${breaker})`}; ${counted(unstoredBars, 'bar')} not in the candle store yet.`,
    ...(isClockTold ? [] : [`  its clock ${offset(clockOffset)}`]),
    ...series.map(({ symbol, newestClose, ageMs, missed, corrections }) => {
      const newest =
        newestClose === null ? 'no bar yet' : `newest bar closed ${new Date(newestClose).toISOString()}, ${duration(ageMs!)} ago`;
      const odd = [
        ...(missed === 0 ? [] : [`${missed} waited for in vain`]),
        ...(corrections === 0 ? [] : [`${corrections} corrected afterwards`]),
      ];
      return `  ${[`${symbol} ${newest}`, ...odd].join(', ')}`;
    }),
    ...notices.map((notice) => `  note: ${visible(notice)}`),
  ];
}

function sale({ sellingSince, openPositions, openOrders }: VenueHealth, now: number): string {
  if (sellingSince === null)
    return 'everything is sold, and the exchange has confirmed it; nothing is opened until you say resume';
  const left = `${counted(openPositions, 'position')} and ${counted(openOrders, 'order')} left`;
  return `everything is being sold since ${duration(now - sellingSince)}; ${left}`;
}

function tooLittle(shares: number, own: number): string {
  return `its strategies may have ${Math.round(shares)} together, and it has ${Math.round(own)} of its own: limits are of what it has`;
}

function deadManText(deadMan: VenueHealth['deadMan']): string {
  if (deadMan.state !== 'armed') return deadManWords[deadMan.state];
  return `armed: without a word from this engine entries are withdrawn at ${new Date(deadMan.until).toISOString()}`;
}

function offset(measured: VenueHealth['clockOffset']): string {
  if (measured === null) return 'was not read yet';
  const { offsetMs, uncertaintyMs } = measured;
  return `is ${Math.abs(offsetMs)} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} ours, give or take ${uncertaintyMs} ms`;
}

function ago(at: number | null, now: number): string {
  return at === null ? 'never' : `${duration(now - at)} ago`;
}

/** What happened a moment ago may lie ahead: the file may be a little newer than the time it is read by. */
function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 120 ? `${Number(seconds.toFixed(1))} s` : `${Math.round(seconds / 60)} min`;
}
