import { describe, expect, it } from 'vitest';
import { keepInOrder } from '#engine/venues/ccxt/keep-in-order.ts';

class Limiter {
  readonly #isUsedUp: boolean;

  constructor({ isUsedUp }: { readonly isUsedUp: boolean }) {
    this.#isUsedUp = isUsedUp;
  }

  throttle(): Promise<void> {
    return this.#isUsedUp ? new Promise(() => {}) : Promise.resolve();
  }
}

/** What keeps order is told by what it lets through: a limiter that is used up, and a network that answers when it is told to. */
function client({ wantsRisingNonces = false, isUsedUp = false, limitsPublicApart = false } = {}) {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const exchange = {
    enableRateLimit: true,
    nonce: () => 0,
    milliseconds: () => 1_000,
    calculateRateLimiterCost: () => 1,
    throttle: () => Promise.resolve(),
    throttler: new Limiter({ isUsedUp }),
    tokenBucket: { isUsedUp: false },
    request: (path: string) => {
      sent.push(path);
      return new Promise<void>((resolve) => answers.push(resolve));
    },
  };
  keepInOrder(exchange as never, { urgentPaths: /^(AddOrder|order)$/, wantsRisingNonces, limitsPublicApart });
  const request = exchange.request as unknown as (path: string, api: string, method: string) => Promise<void>;
  return { exchange, sent, answers, request };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('requests', () => {
  it('that ask wait for the limiter, and orders go past it', async () => {
    const { sent, request } = client({ isUsedUp: true });
    void request('Balance', 'private', 'POST');
    void request('order', 'private', 'GET');
    void request('order', 'private', 'POST');
    await turn();
    expect(sent).toEqual(['order']);
  });

  it('of the public wait in a limiter of their own where the exchange counts them apart', async () => {
    for (const limitsPublicApart of [true, false]) {
      const { sent, request } = client({ isUsedUp: true, limitsPublicApart });
      void request('Balance', 'private', 'POST');
      void request('Ticker', 'public', 'GET');
      await turn();
      expect(sent).toEqual(limitsPublicApart ? ['Ticker'] : []);
    }
  });

  it('go one at a time where nonces must rise, orders before what waits', async () => {
    const { sent, answers, request } = client({ wantsRisingNonces: true });
    void request('Balance', 'private', 'POST');
    void request('OpenOrders', 'private', 'POST');
    void request('Time', 'public', 'GET');
    await turn();
    void request('AddOrder', 'private', 'POST');
    await turn();
    expect(sent).toEqual(['Balance', 'Time']);
    answers[0]!();
    await turn();
    expect(sent.slice(2)).toEqual(['AddOrder']);
    answers[2]!();
    await turn();
    expect(sent.slice(3)).toEqual(['OpenOrders']);
  });

  it('go side by side elsewhere', async () => {
    const { sent, request } = client();
    void request('account', 'private', 'GET');
    void request('openOrders', 'private', 'GET');
    await turn();
    expect(sent).toEqual(['account', 'openOrders']);
  });

  it('bear nonces that rise while the clock stands', () => {
    const { exchange } = client({ wantsRisingNonces: true });
    expect([exchange.nonce(), exchange.nonce(), exchange.nonce()]).toEqual([1_000, 1_001, 1_002]);
  });
});
