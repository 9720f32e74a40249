import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pointAt } from '#engine/candles/exchange-addresses.ts';
import { systemClock } from '#engine/clock.ts';
import { explain } from '#engine/errors.ts';
import { createLog } from '#engine/log.ts';
import { type TradableExchange, tradableExchanges } from '#engine/venues/ccxt/dialect.ts';
import { explainFailure } from '#engine/venues/ccxt/explain-failure.ts';
import { keepInOrder } from '#engine/venues/ccxt/keep-in-order.ts';
import { kraken as krakenDialect } from '#engine/venues/ccxt/kraken.ts';
import { featuresOf, openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { newPassage, Wire } from '#engine/venues/ccxt/wire.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import { binanceAnswers, binanceRefuses, restrictions } from './binance-answers.ts';
import { coinbaseAnswers, permissions } from './coinbase-answers.ts';
import { kraken, krakenAnswers, krakenRefuses } from './kraken-answers.ts';
import { failureOf, KEY, type Opened, opened, orderOf, SECRET } from './opened.ts';
import { type Answer, type Asked, StandIn } from './stand-in.ts';

const answersOf: Record<TradableExchange, () => Record<string, (asked: Asked) => Answer>> = {
  kraken: krakenAnswers,
  binance: binanceAnswers,
  coinbase: coinbaseAnswers,
};
const keys = new VenueKeys(KEY, SECRET);
const log = createLog('silent');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(exchange: TradableExchange, change: Record<string, (asked: Asked) => Answer> = {}): Promise<Opened> {
  const venue = await opened(exchange, { ...answersOf[exchange](), ...change }, 2_000);
  closing.push(() => venue.close());
  return venue;
}

describe('a venue', () => {
  it.each([
    ['mtgox', 'venue/unknown', /Choose one of kraken, binance, coinbase/],
    ['krakenfutures', 'venue/unknown', /No orders are sent to "krakenfutures"/],
    ['kraken-sandbox', 'venue/no-sandbox', /no address at all.*rehearsal/],
    ['binance-testnet', 'venue/no-sandbox', /rehearsal/],
  ])('is not opened under the name %s', async (exchange, code, words) => {
    const error = await openCcxtVenue({ exchange, keys, log }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    expect(explain(error)).toMatch(words);
  });

  it('says what it can do before it is opened', () => {
    expect(featuresOf('kraken')).toEqual({ hasDeadManSwitch: true, deadManTakesStops: true, hasStopOrders: true });
    expect(() => featuresOf('mtgox')).toThrow(/No orders are sent/);
  });

  it('rehearses on this machine only', async () => {
    const opening = openCcxtVenue({ exchange: 'kraken', keys, log, baseUrl: 'http://10.0.0.1:80' });
    await expect(opening).rejects.toMatchObject({ code: 'venue/not-loopback' });
  });

  it.each(tradableExchanges)('has every address of %s on this machine when it rehearses, websockets too', async (exchange) => {
    const { default: ccxt } = await import('ccxt');
    const client = new ccxt.pro[exchange]();
    pointAt(client, 'http://127.0.0.1:9/');
    const addresses = JSON.stringify(client.urls).match(/\w+:\/\/[^"]*/g)!;
    expect(addresses.filter((address) => !/^(http|ws):\/\/127\.0\.0\.1:9(\/|$)/.test(address))).toEqual([]);
    expect(addresses.some((address) => address.startsWith('ws:'))).toBe(true);
  });

  it.each(tradableExchanges)('is called a rehearsal where it is one, and so is its account on %s', async (exchange) => {
    const { venue } = await open(exchange);
    expect(venue.name).toBe('rehearsal');
    expect(venue.account).toMatch(new RegExp(`^rehearsal-${exchange}-[0-9a-f]{12}$`));
  });

  it.each([
    ['kraken', { '/0/private/GetApiKeyInfo': () => kraken({ permissions: ['query-funds', 'modify-trades', 'withdraw-funds'] }) }],
    ['binance', { '/sapi/v1/account/apiRestrictions': () => restrictions({ enableWithdrawals: true }) }],
    ['coinbase', { '/api/v3/brokerage/key_permissions': () => permissions({ can_transfer: true }) }],
  ] as const)('on %s is not opened with a key that may withdraw', async (exchange, change) => {
    await expect(open(exchange, change)).rejects.toMatchObject({ code: 'venue/key-may-withdraw' });
  });

  it.each([
    ['kraken', { '/0/private/GetApiKeyInfo': () => kraken({ permissions: ['query-funds', 'query-open-trades'] }) }],
    ['binance', { '/sapi/v1/account/apiRestrictions': () => restrictions({ enableSpotAndMarginTrading: false }) }],
    ['coinbase', { '/api/v3/brokerage/key_permissions': () => permissions({ can_trade: false }) }],
  ] as const)('on %s is not opened with a key that may not trade', async (exchange, change) => {
    await expect(open(exchange, change)).rejects.toMatchObject({ code: 'venue/key-may-not-trade' });
  });

  it.each([
    ['kraken', { '/0/private/GetApiKeyInfo': () => krakenRefuses('EGeneral:Unknown method') }],
    ['kraken', { '/0/private/GetApiKeyInfo': () => kraken({ api_key_name: 'another form' }) }],
    [
      'binance',
      { '/sapi/v1/account/apiRestrictions': () => binanceRefuses(-2015, 'Invalid API-key, IP, or permissions for action.', 401) },
    ],
    ['coinbase', { '/api/v3/brokerage/key_permissions': () => ({ status: 404, body: '' }) }],
  ] as const)(
    'on %s says that it does not know what the key may do where the exchange does not tell',
    async (exchange, change) => {
      const { venue, lines } = await open(exchange, change);
      expect(await venue.rights()).toEqual({ canTrade: null, canWithdraw: null });
      expect(lines.join()).toContain('does not say whether this key may withdraw');
    },
  );

  it.each(tradableExchanges)('on %s tells what the key may do', async (exchange) => {
    const { venue } = await open(exchange);
    expect(await venue.rights()).toEqual({ canTrade: true, canWithdraw: false });
  });

  it('is not opened while the question what the key may do is not answered', async () => {
    const opening = open('kraken', { '/0/private/GetApiKeyInfo': () => ({ status: 503, body: '' }) });
    await expect(opening).rejects.toMatchObject({ code: 'venue/maintenance' });
  });
});

describe('a request that never left', () => {
  it('is known not to have: nobody listens', async () => {
    const { venue, standIn } = await open('kraken');
    await standIn.stop();
    // On a connection kept from before nothing is certain: the first one breaks, the next cannot be made.
    expect(await failureOf(venue.balances())).toMatchObject({ kind: 'network', certainty: 'unknown' });
    const failure = await failureOf(venue.place(orderOf({ symbol: 'BTC/USD' })));
    expect(failure).toMatchObject({ kind: 'network', certainty: 'not-sent', message: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    ['the name has no address', 'ENOTFOUND', 'not-sent'],
    ['the name server does not answer', 'EAI_AGAIN', 'not-sent'],
    ['no connection comes about', 'UND_ERR_CONNECT_TIMEOUT', 'not-sent'],
    ['there is no way to it', 'ENETUNREACH', 'not-sent', 'connect'],
    ['there is no way to its machine', 'EHOSTUNREACH', 'not-sent', 'connect'],
    ['the way to it is lost while the answer is waited for', 'EHOSTUNREACH', 'unknown', 'read'],
    ['the way to it is lost while it is sent', 'ENETUNREACH', 'unknown', 'write'],
    ['its port is closed while the answer is waited for', 'ECONNREFUSED', 'unknown', 'read'],
    ['nobody knows when there was no way', 'EHOSTUNREACH', 'unknown'],
    ['its certificate is not to be trusted', 'CERT_HAS_EXPIRED', 'not-sent'],
    ['the connection breaks', 'ECONNRESET', 'unknown'],
    ['the other side closes', 'UND_ERR_SOCKET', 'unknown'],
    ['the answer is late', 'UND_ERR_HEADERS_TIMEOUT', 'unknown'],
    ['nobody knows why', undefined, 'unknown'],
  ] as const)('is told from one that may have: %s', (_what, code, certainty, syscall: string | undefined = undefined) => {
    const transportError = Object.assign(new Error('failed'), { ...(code && { code }), ...(syscall && { syscall }) });
    const passage = { ...newPassage(), wasSent: true, transportError };
    const failure = explainFailure(
      new Error('fetch failed'),
      passage,
      { refusal: () => null },
      'Placing an order',
      (text) => text,
    );
    expect(failure.certainty).toBe(certainty);
  });

  it('is known not to have when none of its addresses could be connected to', () => {
    const tried = (syscall: string) => Object.assign(new Error('failed'), { code: 'ENETUNREACH', syscall });
    const certaintyAfter = (...tries: Error[]) => {
      const transportError = Object.assign(new AggregateError(tries), { code: 'ENETUNREACH' });
      const passage = { ...newPassage(), wasSent: true, transportError };
      return explainFailure(new Error('failed'), passage, { refusal: () => null }, 'Placing', (text) => text).certainty;
    };
    expect(certaintyAfter(tried('connect'), tried('connect'))).toBe('not-sent');
    expect(certaintyAfter(tried('connect'), tried('write'))).toBe('unknown');
  });

  it('is not sent any more when it has waited for too long in our own queue', async () => {
    const standIn = await StandIn.start(krakenAnswers());
    closing.push(() => standIn.stop());
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const venue = await openCcxtVenue({ exchange: 'kraken', keys, log, clock, baseUrl: standIn.url, patienceMs: 1_000 });
    closing.push(() => venue.close());
    standIn.answers['/0/private/BalanceEx'] = () => {
      aheadMs = 2_000;
      return kraken({});
    };
    const [, failure] = await Promise.all([venue.balances(), failureOf(venue.place(orderOf({ symbol: 'BTC/USD' })))]);
    expect(failure).toMatchObject({ kind: 'rate-limit', certainty: 'not-sent' });
    expect(standIn.to('/0/private/AddOrder')).toEqual([]);
  });
});

describe('what ccxt would do by itself', () => {
  async function wired(options: object, answer: Answer, { baseUrl }: { baseUrl?: string } = {}) {
    const { default: ccxt } = await import('ccxt');
    const standIn = await StandIn.start({ ...krakenAnswers(), '/0/private/AddOrder': () => answer });
    closing.push(() => standIn.stop());
    const exchange = new ccxt.pro.kraken({
      apiKey: KEY,
      secret: SECRET,
      enableRateLimit: false,
      options,
    });
    const url = baseUrl ?? standIn.url;
    exchange.urls = { ...exchange.urls, api: { ...(exchange.urls.api as object), private: standIn.url, public: url } } as never;
    return { exchange, standIn, wire: new Wire(exchange, systemClock, standIn.url) };
  }
  const place = (exchange: { createOrder: (...args: never[]) => Promise<unknown> }) => () =>
    exchange.createOrder(...(['BTC/USD', 'limit', 'buy', '0.01', '50000', {}] as never[]));

  it('is to send a failed order again when it is told to retry: the wire lets one out', async () => {
    const { exchange, standIn, wire } = await wired({ maxRetriesOnFailure: 3 }, { status: 503, body: '' });
    await exchange.loadMarkets();
    await expect(wire.call(newPassage(), { once: true }, place(exchange))).rejects.toMatchObject({ certainty: 'unknown' });
    expect(standIn.to('/0/private/AddOrder')).toHaveLength(1);
    // Without the wire's insistence ccxt does it.
    await expect(wire.call(newPassage(), {}, place(exchange))).rejects.toThrow();
    expect(standIn.to('/0/private/AddOrder')).toHaveLength(5);
  });

  it('is to go on to production where an override leaves an address out: the wire refuses', async () => {
    const { exchange, standIn } = await wired({}, kraken({}), { baseUrl: 'https://api.kraken.com' });
    await expect(exchange.loadMarkets()).rejects.toMatchObject({ code: 'venue/not-loopback' });
    await expect(exchange.watchOrders()).rejects.toMatchObject({ code: 'venue/not-loopback' });
    expect(standIn.asked).toEqual([]);
  });

  it('is to let an order wait behind questions in its limiter: it is sent at once', async () => {
    const { exchange, standIn, wire } = await wired({}, kraken({ descr: { order: '' }, txid: ['O1'] }));
    await exchange.loadMarkets();
    standIn.answers['/0/private/BalanceEx'] = () => kraken({});
    exchange.enableRateLimit = true;
    keepInOrder(exchange, { ...krakenDialect, burst: 8 }, wire);
    // Each costs three.
    let answered = 0;
    for (let question = 0; question < 6; question++) {
      const counted = exchange.fetchBalance().then(() => (answered += 1));
      counted.catch(() => undefined);
    }
    await vi.waitFor(() => expect(answered).toBe(2));
    await place(exchange)();
    expect(standIn.to('/0/private/AddOrder')).toHaveLength(1);
    expect(await exchange.fetchTime()).toBeGreaterThan(0);
    expect(standIn.to('/0/private/BalanceEx')).toHaveLength(2);
  });

  it('is to open no address at all in its sandbox, of Kraken as of Coinbase', async () => {
    const { default: ccxt } = await import('ccxt');
    for (const exchange of [new ccxt.pro.kraken(), new ccxt.pro.coinbase()]) {
      exchange.setSandboxMode(true);
      expect(JSON.stringify(exchange.urls.api ?? null)).not.toContain('//');
    }
  });
});

describe('a key', () => {
  it.each(tradableExchanges)('of %s is in no line of the log and in no error, whatever goes wrong', async (exchange) => {
    const symbol = exchange === 'binance' ? 'BTC/USDT' : 'BTC/USD';
    const { venue, standIn, lines } = await open(exchange);
    const path = { kraken: '/0/private/AddOrder', binance: 'POST /api/v3/order', coinbase: 'POST /api/v3/brokerage/orders' }[
      exchange
    ];
    const errors: unknown[] = [];
    const echo = ({ headers, body, query }: Asked) => JSON.stringify({ headers, body, query: String(query), KEY, SECRET });
    const failures: ((asked: Asked) => Answer)[] = [
      () => 'drop',
      (asked) => ({ status: 503, body: echo(asked) }),
      (asked) => ({ status: 400, body: echo(asked) }),
      (asked) => ({ status: 200, body: echo(asked) }),
      (asked) => ({ status: 200, body: { error: [`EOrder:Bad ${echo(asked)}`] } }),
      (asked) => ({ status: 400, body: { code: -1100, msg: `Illegal ${echo(asked)}` } }),
      (asked) => ({ status: 400, body: { error: 'INVALID_ARGUMENT', message: echo(asked) } }),
    ];
    for (const fail of failures) {
      standIn.answers[path] = fail;
      // Questions that carry the signature in their address fail in the same ways.
      for (const question of ['/api/v3/order', '/0/private/QueryOrders', '/api/v3/brokerage/orders/historical/1'])
        standIn.answers[question] = fail;
      errors.push(await failureOf(venue.place(orderOf({ symbol }))));
      const found = venue.find({ clientOrderId: 'r2', venueOrderId: '1', symbol, sentAt: 0 });
      errors.push(await found.catch((error: unknown) => error));
    }
    await standIn.stop();
    errors.push(await failureOf(venue.balances()));
    const words = [...lines, ...errors.map((error) => inspect(error, { depth: 9, showHidden: true }))].join('\n');
    const secrets = [KEY, SECRET, 'signature=', 'API-Sign', ...signaturesOf(standIn.asked)];
    expect(secrets.length).toBeGreaterThan(6);
    expect(secrets.filter((secret) => words.includes(secret))).toEqual([]);
    expect(words).toMatch(/VenueError/);
  });

  /** What was signed, wherever the exchange wants it. */
  function signaturesOf(asked: readonly Asked[]): string[] {
    return asked.flatMap(({ headers, query, form }) =>
      [
        headers['api-sign'],
        headers['cb-access-sign'],
        headers.authorization,
        query.get('signature'),
        form.get('signature'),
      ].flatMap((found) => (typeof found === 'string' && found.length > 8 ? [found] : [])),
    );
  }
});
