import type { Exchange } from 'ccxt';
import { type Clock, steadyClock } from '#engine/clock.ts';
import { TokenBucket } from '#engine/token-bucket.ts';
import type { Dialect } from './dialect.ts';
import { Lane } from './lane.ts';
import { type Wire, waitedTooLong, waitOf } from './wire.ts';

/** Public questions of a limit of their own that may be asked at once. */
const publicBurst = 5;

/**
 * Questions wait until the exchange allows them, and are not sent once nobody waits for their answer; orders and cancellations wait for
 * nothing, and go before questions. Where the exchange wants rising nonces, one request goes at a time: ccxt's nonces are milliseconds,
 * of which two requests may bear the same, and two connections may overtake each other. ccxt's own limiter is passed by: it refills only
 * while somebody waits.
 */
export function keepInOrder(
  exchange: Pick<
    Exchange,
    'request' | 'milliseconds' | 'throttle' | 'nonce' | 'rateLimit' | 'enableRateLimit' | 'calculateRateLimiterCost'
  >,
  dialect: Pick<Dialect, 'urgentPaths' | 'wantsRisingNonces' | 'limitsPublicApart' | 'burst' | 'refusal'>,
  wire: Pick<Wire, 'current'>,
  clock: Clock = steadyClock,
): void {
  const lane = new Lane();
  const { request } = exchange;
  // A token is what ccxt counts as one.
  const bucketOf = (capacity: number) => new TokenBucket({ clock, capacity, perSecond: 1000 / Number(exchange.rateLimit) });
  const own = bucketOf(dialect.burst);
  const open = dialect.limitsPublicApart ? bucketOf(publicBurst) : own;
  exchange.throttle = async () => undefined;
  exchange.request = async (...args: Parameters<typeof request>) => {
    const [path, api, method = '', params, , , config] = args;
    const isUrgent = method !== 'GET' && dialect.urgentPaths.test(path);
    const call = wire.current;
    const send = () => {
      call?.complete?.(params ?? {});
      return request.apply(exchange, args);
    };
    const inTurn = () => (dialect.wantsRisingNonces && api === 'private' ? lane.run(isUrgent, send) : send());
    if (!exchange.enableRateLimit) return inTurn();
    const bucket = api === 'private' ? own : open;
    const cost = Number(exchange.calculateRateLimiterCost(api, method, path, params, config));
    if (isUrgent) bucket.spend(cost);
    else if (!(await bucket.take(cost, () => call === undefined || clock.now() < call.wantedUntil))) throw waitedTooLong();
    try {
      return await inTurn();
    } catch (error) {
      const answer = call?.answer ?? null;
      // Somebody else asks with this key as well, or did before this process began.
      if (!isUrgent && answer !== null && isLimit(dialect, answer)) bucket.pause(waitOf(answer.retryAfter) ?? 0);
      throw error;
    }
  };
  if (!dialect.wantsRisingNonces) return;
  const { milliseconds } = exchange;
  let last = 0;
  exchange.nonce = () => {
    last = Math.max(milliseconds(), last + 1);
    return last;
  };
}

function isLimit(
  dialect: Pick<Dialect, 'refusal'>,
  { status, body }: { readonly status: number; readonly body: unknown },
): boolean {
  return status === 429 || status === 418 || dialect.refusal(status, body)?.kind === 'rate-limit';
}
