import { BinanceRefusal } from './refusal.ts';

const minuteMs = 60_000;
const tenSecondsMs = 10_000;
/** Weight a minute, and orders in ten seconds. */
const weightMax = 6_000;
const ordersMax = 100;

const weights: Readonly<Record<string, number>> = {
  'GET exchangeInfo': 20,
  'GET account': 20,
  'GET allOrders': 20,
  'GET myTrades': 20,
  'GET openOrders': 6,
  'GET ticker/24hr': 2,
  'GET ticker/bookTicker': 4,
  'GET depth': 5,
  'GET trades': 25,
  'GET order': 4,
  'GET klines': 2,
};

/** Counts requests by weight, tells it in headers, and refuses what is over the limit. */
export class Weights {
  #minute = 0;
  #used = 0;
  #tenSeconds = 0;
  #orders = 0;

  /** @throws BinanceRefusal -1003 with status 429, or -1015 */
  count(call: string, now: number): void {
    const minute = Math.floor(now / minuteMs);
    if (minute !== this.#minute) this.#used = 0;
    this.#minute = minute;
    this.#used += weights[call] ?? 1;
    if (this.#used > weightMax) {
      throw new BinanceRefusal(
        -1003,
        `Too much request weight used; current limit is ${weightMax} request weight per 1 MINUTE.`,
        429,
      );
    }
    if (call !== 'POST order') return;
    const tenSeconds = Math.floor(now / tenSecondsMs);
    if (tenSeconds !== this.#tenSeconds) this.#orders = 0;
    this.#tenSeconds = tenSeconds;
    this.#orders += 1;
    if (this.#orders > ordersMax) {
      throw new BinanceRefusal(-1015, `Too many new orders; current limit is ${ordersMax} orders per 10 SECOND.`, 429);
    }
  }

  headers(call: string): Record<string, string> {
    return {
      'x-mbx-used-weight': String(this.#used),
      'x-mbx-used-weight-1m': String(this.#used),
      ...(call === 'POST order' ? { 'x-mbx-order-count-10s': String(this.#orders) } : {}),
    };
  }

  /** Seconds until the minute is over. */
  retryAfterS(now: number): number {
    return Math.ceil((minuteMs - (now % minuteMs)) / 1000);
  }
}
