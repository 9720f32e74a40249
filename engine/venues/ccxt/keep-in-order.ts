import type { Exchange } from 'ccxt';
import type { Dialect } from './dialect.ts';
import { Lane } from './lane.ts';

/** Public questions of a limit of their own that may be asked at once. */
const publicBurst = 5;

/**
 * Questions wait in ccxt's limiter; orders and cancellations go past it, and before questions. Where the exchange wants rising
 * nonces, one request goes at a time: ccxt's nonces are milliseconds, of which two requests may bear the same, and two
 * connections may overtake each other.
 */
export function keepInOrder(
  exchange: Pick<
    Exchange,
    | 'request'
    | 'milliseconds'
    | 'throttle'
    | 'throttler'
    | 'tokenBucket'
    | 'nonce'
    | 'enableRateLimit'
    | 'calculateRateLimiterCost'
  >,
  dialect: Pick<Dialect, 'urgentPaths' | 'wantsRisingNonces' | 'limitsPublicApart'>,
): void {
  const lane = new Lane();
  const { request, throttler, tokenBucket } = exchange;
  const publicThrottler = dialect.limitsPublicApart
    ? new throttler.constructor({ ...tokenBucket, capacity: publicBurst, tokens: publicBurst })
    : throttler;
  exchange.throttle = async () => undefined;
  exchange.request = async (...args: Parameters<typeof request>) => {
    const [path, api, method = '', params, , , config] = args;
    const isUrgent = method !== 'GET' && dialect.urgentPaths.test(path);
    if (exchange.enableRateLimit && !isUrgent) {
      const limiter = api === 'private' ? throttler : publicThrottler;
      await limiter.throttle(exchange.calculateRateLimiterCost(api, method, path, params, config));
    }
    const send = () => request.apply(exchange, args);
    return dialect.wantsRisingNonces && api === 'private' ? lane.run(isUrgent, send) : send();
  };
  if (!dialect.wantsRisingNonces) return;
  const { milliseconds } = exchange;
  let last = 0;
  exchange.nonce = () => {
    last = Math.max(milliseconds(), last + 1);
    return last;
  };
}
