import { describe, expect, it } from 'vitest';
import { keepInOrder } from '#engine/venues/ccxt/keep-in-order.ts';
import { newPassage } from '#engine/venues/ccxt/wire.ts';
import { drained, VirtualClock } from '#tests/simulate/virtual-clock.ts';

const second = 1_000;

/** What keeps order is told by what it lets through: a bucket of so many tokens, one a second, and a network that answers when it is told to. */
function client({ wantsRisingNonces = false, limitsPublicApart = false, burst = 100, cost = 1 } = {}) {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const failures: ((error: Error) => void)[] = [];
  const clock = new VirtualClock(0);
  const wire = { current: newPassage() };
  const exchange = {
    enableRateLimit: true,
    rateLimit: 1_000,
    nonce: () => 0,
    milliseconds: () => 1_000,
    // As text, as ccxt tells all numbers here.
    calculateRateLimiterCost: () => String(cost),
    throttle: () => Promise.resolve(),
    request: (path: string) => {
      sent.push(path);
      return new Promise<void>((resolve, reject) => {
        answers.push(resolve);
        failures.push(reject);
      });
    },
  };
  const refusal = () => null;
  const dialect = { urgentPaths: /^(AddOrder|order)$/, wantsRisingNonces, limitsPublicApart, burst, refusal };
  keepInOrder(exchange as never, dialect, wire, clock);
  const request = exchange.request as unknown as (path: string, api: string, method: string) => Promise<void>;
  /** Lets so much time go by. */
  const pass = async (ms: number) => {
    const end = clock.now() + ms;
    await drained();
    while (await clock.step(end));
  };
  return { exchange, sent, answers, failures, wire, request, pass };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('requests', () => {
  it('that ask wait for the limiter, and orders go past it', async () => {
    const { sent, request } = client({ burst: 3, cost: 3 });
    void request('Balance', 'private', 'POST');
    void request('OpenOrders', 'private', 'POST');
    void request('order', 'private', 'GET');
    void request('order', 'private', 'POST');
    await turn();
    expect(sent).toEqual(['order', 'Balance']);
  });

  it('that ask find after a pause what may be asked at once again, and what was sent meanwhile counts', async () => {
    const { sent, request, pass } = client({ burst: 9, cost: 3 });
    for (const round of [1, 2]) {
      for (let question = 0; question < 5; question += 1) void request('QueryOrders', 'private', 'POST');
      await turn();
      expect(sent).toHaveLength(round * 5 - 2);
      await pass(6 * second);
      expect(sent).toHaveLength(round * 5);
      await pass(60 * second);
    }
    for (let order = 0; order < 4; order += 1) void request('AddOrder', 'private', 'POST');
    void request('QueryOrders', 'private', 'POST');
    await pass(5 * second);
    expect(sent.slice(10)).toEqual(Array(4).fill('AddOrder'));
    await pass(second);
    expect(sent.slice(14)).toEqual(['QueryOrders']);
  });

  it('whose asker has given up are not sent, and hold nobody up', async () => {
    const { sent, request, wire, pass } = client({ burst: 3, cost: 3 });
    void request('Balance', 'private', 'POST');
    wire.current = { ...newPassage(), wantedUntil: 4 * second };
    const late = ['OpenOrders', 'TradesHistory', 'ClosedOrders'].map((path) => request(path, 'private', 'POST'));
    const outcomes = Promise.allSettled(late.slice(1));
    await pass(5 * second);
    expect(sent).toEqual(['Balance', 'OpenOrders']);
    wire.current = newPassage();
    void request('QueryOrders', 'private', 'POST');
    await pass(second);
    expect(sent.slice(2)).toEqual(['QueryOrders']);
    const reason = { kind: 'rate-limit', certainty: 'not-sent' };
    expect(await outcomes).toMatchObject([{ reason }, { reason }]);
  });

  it('wait until the exchange has forgotten enough where it says that there were too many', async () => {
    const { sent, failures, wire, request, pass } = client({ burst: 9, cost: 3 });
    const refused = request('Balance', 'private', 'POST').catch(() => undefined);
    await turn();
    wire.current.answer = { status: 429, retryAfter: '10', body: null };
    failures[0]!(new Error('too many'));
    await refused;
    void request('Balance', 'private', 'POST');
    await pass(12 * second);
    expect(sent).toHaveLength(1);
    await pass(second);
    expect(sent).toHaveLength(2);
  });

  it('of the public wait in a limiter of their own where the exchange counts them apart', async () => {
    for (const limitsPublicApart of [true, false]) {
      const { sent, request } = client({ burst: 3, cost: 3, limitsPublicApart });
      void request('Balance', 'private', 'POST');
      void request('Ticker', 'public', 'GET');
      await turn();
      expect(sent).toEqual(limitsPublicApart ? ['Balance', 'Ticker'] : ['Balance']);
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
