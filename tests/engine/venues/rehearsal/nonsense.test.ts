import { describe, expect, it } from 'vitest';
import { simulateMarket } from '#engine/candles/simulate-market.ts';
import { BinanceMarketSession } from '#engine/venues/rehearsal/binance/market-session.ts';
import { privateAnswers } from '#engine/venues/rehearsal/binance/private-answers.ts';
import { publicAnswers as binancePublic } from '#engine/venues/rehearsal/binance/public-answers.ts';
import { binanceRefusal } from '#engine/venues/rehearsal/binance/refusal.ts';
import { BinanceUserSession } from '#engine/venues/rehearsal/binance/user-session.ts';
import type { ApiKey, House } from '#engine/venues/rehearsal/dialect.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import { accountAnswers } from '#engine/venues/rehearsal/kraken/private-answers.ts';
import { publicAnswers as krakenPublic } from '#engine/venues/rehearsal/kraken/public-answers.ts';
import { krakenWords } from '#engine/venues/rehearsal/kraken/refusal.ts';
import { KrakenSession } from '#engine/venues/rehearsal/kraken/stream-session.ts';
import { tradingAnswers } from '#engine/venues/rehearsal/kraken/trading-answers.ts';
import { MarketFigures } from '#engine/venues/rehearsal/market-figures.ts';
import fc from '#tests/support/properties.ts';
import { HandClock } from './hand-clock.ts';
import { market, start } from './small-market.ts';

const key: ApiKey = { key: 'k', secret: 's', account: 'me', canTrade: true, canWithdraw: false };

function house(): House {
  const candles = simulateMarket({ seed: 1, symbols: ['BTC/USD'], timeframe: '1h', from: start, bars: 48 }).get('BTC/USD')!;
  const exchange = new Exchange(new HandClock(start + 86_400_000), {
    markets: [market(candles)],
    balances: { me: { USD: '1000', BTC: '1' } },
  });
  return {
    exchange,
    figures: new MarketFigures(exchange),
    keys: [key],
    now: () => exchange.now(),
    wallNow: () => exchange.now(),
    isInMaintenance: () => false,
  };
}

const names = [
  'pair',
  'symbol',
  'symbols',
  'txid',
  'cl_ord_id',
  'type',
  'ordertype',
  'side',
  'volume',
  'quantity',
  'price',
  'price2',
  'stopPrice',
  'timeinforce',
  'timeInForce',
  'oflags',
  'interval',
  'since',
  'count',
  'limit',
  'start',
  'end',
  'startTime',
  'endTime',
  'ofs',
  'timeout',
  'orderId',
  'origClientOrderId',
  'newClientOrderId',
  'fromId',
  'trades',
];
const values = [
  'XXBTZUSD',
  'XBTUSD',
  'BTCUSD',
  '["BTCUSD"]',
  '[1',
  'buy',
  'BUY',
  'sell',
  'SELL',
  'market',
  'MARKET',
  'limit',
  'LIMIT',
  'stop-loss',
  'STOP_LOSS',
  'stop-loss-limit',
  'IOC',
  'GTC',
  '60',
  '1h',
  'OAAAAA-AAAAA-AAAAAB',
  '0',
  '1',
  '-1',
  '0.01',
  '1e400',
  'NaN',
  'Infinity',
  '',
  '99999999999999999999',
  '\u0000',
  'true',
];
const params = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...values) }, fc.string())), {
    maxLength: 9,
  })
  .map((pairs): [string, string][] => [...pairs])
  // Most of what is asked names a market, so that it is not refused for that alone.
  .map((pairs) => new URLSearchParams([['pair', 'XBTUSD'], ['symbol', 'BTCUSD'], ...pairs]));

type Ask = (house: House, params: URLSearchParams) => unknown;
const asKey = (
  answers: Readonly<Record<string, (house: House, key: ApiKey, params: URLSearchParams) => unknown>>,
): [string, Ask][] => Object.entries(answers).map(([name, answer]) => [name, (at, given) => answer(at, key, given)]);

describe('whatever is asked is answered or refused in the exchange’s own words', () => {
  it.each([
    [
      'Kraken',
      [...Object.entries(krakenPublic), ...asKey(accountAnswers), ...asKey(tradingAnswers)],
      (error: unknown) => krakenWords(error),
    ],
    ['Binance', [...Object.entries(binancePublic), ...asKey(privateAnswers)], (error: unknown) => binanceRefusal(error)],
  ] as const)('by %s', (_, answers: readonly (readonly [string, Ask])[], wordsOf) => {
    const at = house();
    fc.assert(
      fc.property(fc.constantFrom(...answers), params, ([, ask], given) => {
        try {
          JSON.stringify(ask(at, given));
        } catch (error) {
          if (wordsOf(error) === null) throw error;
        }
      }),
      { numRuns: 1_000 },
    );
    for (const line of at.exchange.books()) expect(line.difference.toFixed()).toBe('0');
  });

  it('on the sockets', () => {
    const at = house();
    const said: unknown[] = [];
    const outlet = { send: (_: string | null, message: unknown) => void said.push(message) };
    const sessions = [
      new KrakenSession(at, outlet, () => null),
      new BinanceMarketSession(at, outlet),
      new BinanceUserSession(at, outlet),
    ];
    const message = fc.record(
      {
        method: fc.constantFrom(
          'subscribe',
          'unsubscribe',
          'ping',
          'SUBSCRIBE',
          'UNSUBSCRIBE',
          'userDataStream.subscribe.signature',
          '',
          1,
        ),
        params: fc.oneof(
          fc.record(
            {
              channel: fc.constantFrom('ohlc', 'ticker', 'executions', 'x'),
              symbol: fc.array(fc.constantFrom('BTC/USD', 'x')),
              interval: fc.constantFrom(1, 60, 0, -1, 0.5),
            },
            { requiredKeys: [] },
          ),
          fc.array(fc.constantFrom('btcusd@kline_1h', 'btcusd@ticker', 'btcusd@kline_x', 'x', '@')),
          fc.anything(),
        ),
        id: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...sessions), message, (session, given) => {
        session.receive(given);
        session.pulse();
      }),
      { numRuns: 500 },
    );
    expect(said.length).toBeGreaterThan(500);
  });
});
