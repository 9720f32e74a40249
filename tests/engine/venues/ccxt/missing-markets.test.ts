import { afterEach, describe, expect, it } from 'vitest';
import { binanceAnswers, binanceRefuses, binanceSymbol } from './binance-answers.ts';
import { kraken, krakenAnswers, krakenPair, krakenRefuses } from './kraken-answers.ts';
import { failureOf, type Opened, opened } from './opened.ts';

let here: Opened;
afterEach(() => here.close());

const hourMs = 3_600_000;
const ethUsdt = { ...binanceSymbol, symbol: 'ETHUSDT', baseAsset: 'ETH' };
const ethUsd = { ...krakenPair, altname: 'ETHUSD', wsname: 'ETH/USD', base: 'XETH' };
const exchangeInfo = (...symbols: object[]) => ({ timezone: 'UTC', rateLimits: [], exchangeFilters: [], symbols });

const ofBinance = (symbol: string, price: string) => ({
  ...{ symbol, bidPrice: price, bidQty: '1', askPrice: price, askQty: '1', lastPrice: '3000.10', closeTime: Date.now() },
});
const ofKraken = (price: string) => ({
  ...{ a: [price, '1', '1'], b: [price, '1', '1'], c: ['3000.1', '1'], v: ['1', '1'], p: ['1', '1'], t: [1, 1] },
  ...{ l: ['1', '1'], h: ['1', '1'], o: '1' },
});

/** Of Binance, with two markets; either of them may be taken off its list. */
async function openBinance(): Promise<void> {
  here = await opened('binance', {
    ...binanceAnswers(),
    '/api/v3/exchangeInfo': () => exchangeInfo(binanceSymbol, ethUsdt),
    '/api/v3/ticker/24hr': ({ query }) => JSON.parse(query.get('symbols')!).map((id: string) => ofBinance(id, '3000.00')),
    '/api/v3/openOrders': () => [],
    '/api/v3/myTrades': () => [],
  });
}

async function openKraken(pairs: object): Promise<void> {
  here = await opened('kraken', {
    ...krakenAnswers(),
    '/0/public/Assets': () =>
      kraken({
        XXBT: { aclass: 'currency', altname: 'XBT', decimals: 10, display_decimals: 5, status: 'enabled' },
        XETH: { aclass: 'currency', altname: 'ETH', decimals: 10, display_decimals: 5, status: 'enabled' },
        ZUSD: { aclass: 'currency', altname: 'USD', decimals: 4, display_decimals: 2, status: 'enabled' },
      }),
    '/0/public/AssetPairs': () => kraken(pairs),
    '/0/public/Ticker': ({ query }) =>
      kraken(
        Object.fromEntries(
          query
            .get('pair')!
            .split(',')
            .map((id) => [id, ofKraken('3000.0')]),
        ),
      ),
  });
}

describe('a market that the exchange does not name', () => {
  const symbols = ['BTC/USDT', 'GONE/USDT'];

  it('is missing from the answers, and the others are in them', async () => {
    await openBinance();
    expect((await here.venue.markets(symbols)).map(({ symbol }) => symbol)).toEqual(['BTC/USDT']);
    expect([...(await here.venue.quotes(symbols)).keys()]).toEqual(['BTC/USDT']);
    expect(await here.venue.openOrders(symbols)).toEqual([]);
    expect(await here.venue.fills(symbols, Date.now() - hourMs)).toEqual([]);
    expect(here.standIn.to('/api/v3/myTrades').map(({ query }) => query.get('symbol'))).toEqual(['BTCUSDT']);
  });

  it('is asked nothing about when there is no other', async () => {
    await openKraken({ XXBTZUSD: krakenPair });
    expect(await here.venue.quotes(['GONE/USD'])).toEqual(new Map());
    expect(here.standIn.to('/0/public/Ticker')).toEqual([]);
  });

  it('leaves others their orders and fills where they come on one list', async () => {
    await openKraken({ XXBTZUSD: krakenPair });
    const trade = { ordertxid: 'O1', type: 'sell', price: '1', cost: '1', fee: '0', vol: '1', maker: true, time: 1_700_000_000 };
    here.standIn.answers['/0/private/TradesHistory'] = () =>
      kraken({ trades: { T1: { ...trade, pair: 'GONEUSD' }, T2: { ...trade, pair: 'XXBTZUSD' } }, count: 2 });
    expect((await here.venue.fills(['BTC/USD', 'GONE/USD'], 0)).map(({ id }) => id)).toEqual(['T2']);
  });

  it('has no orders that could be asked for, which is not to say that there are none, nor any left to cancel', async () => {
    await openKraken({ XXBTZUSD: krakenPair });
    const order = { clientOrderId: 'r2abcdefghijklmnop', venueOrderId: 'O1', symbol: 'GONE/USD', sentAt: Date.now() };
    expect(await failureOf(here.venue.find(order))).toMatchObject({ kind: 'invalid-order', certainty: 'not-sent' });
    await here.venue.cancel(order);
    expect(here.standIn.to('/0/private/CancelOrder')).toEqual([]);
  });

  it('has all its fills told when it is named again, from when on they were not asked for', async () => {
    await openBinance();
    const both = ['BTC/USDT', 'ETH/USDT'];
    const since = Date.now() - hourMs;
    here.standIn.answers['/api/v3/exchangeInfo'] = () => exchangeInfo(binanceSymbol);
    await here.venue.markets(both);
    await here.venue.fills(both, since);
    await here.venue.fills(both, since + 1_000);
    here.standIn.answers['/api/v3/exchangeInfo'] = () => exchangeInfo(binanceSymbol, ethUsdt);
    await here.venue.markets(both);
    await here.venue.fills(both, since + 2_000);
    await here.venue.fills(both, since + 3_000);
    const from = here.standIn
      .to('/api/v3/myTrades')
      .map(({ query }) => `${query.get('symbol')} ${Number(query.get('startTime')) - since}`);
    expect(from).toEqual(['BTCUSDT 0', 'BTCUSDT 1000', 'BTCUSDT 0', 'ETHUSDT 0', 'BTCUSDT 3000', 'ETHUSDT 3000']);
  });

  it('is one, too, whose description cannot be read; but that none can be read is a failure', async () => {
    await openBinance();
    const odd = ({ orderTypes: _, ...rest }: typeof binanceSymbol) => rest;
    here.standIn.answers['/api/v3/exchangeInfo'] = () => exchangeInfo(binanceSymbol, odd(ethUsdt));
    expect((await here.venue.markets(['BTC/USDT', 'ETH/USDT'])).map(({ symbol }) => symbol)).toEqual(['BTC/USDT']);
    here.standIn.answers['/api/v3/exchangeInfo'] = () => exchangeInfo(odd(binanceSymbol), odd(ethUsdt));
    expect(await failureOf(here.venue.markets(['BTC/USDT', 'ETH/USDT']))).toMatchObject({ certainty: 'unknown' });
  });
});

describe('a market without a price', () => {
  it('is missing from the answer when nobody bids in it, and the others are in it', async () => {
    await openBinance();
    here.standIn.answers['/api/v3/ticker/24hr'] = () => [ofBinance('BTCUSDT', '3000.00'), ofBinance('ETHUSDT', '0.00000000')];
    expect([...(await here.venue.quotes(['BTC/USDT', 'ETH/USDT'])).keys()]).toEqual(['BTC/USDT']);
  });

  it('costs the others nothing where the exchange refuses to answer for all', async () => {
    await openBinance();
    here.standIn.answers['/api/v3/ticker/24hr'] = ({ query }) => {
      const ids: string[] = JSON.parse(query.get('symbols')!);
      return ids.includes('ETHUSDT') ? binanceRefuses(-1121, 'Invalid symbol.') : ids.map((id) => ofBinance(id, '3000.00'));
    };
    expect([...(await here.venue.quotes(['BTC/USDT', 'ETH/USDT'])).keys()]).toEqual(['BTC/USDT']);
    here.standIn.answers['/api/v3/ticker/24hr'] = () => binanceRefuses(-1003, 'Too many requests.', 429);
    expect(await failureOf(here.venue.quotes(['BTC/USDT', 'ETH/USDT']))).toMatchObject({ kind: 'rate-limit' });
  });

  it('is none that only takes no orders now: it is asked for like the others', async () => {
    await openKraken({ XXBTZUSD: { ...krakenPair, status: 'cancel_only' }, XETHZUSD: ethUsd });
    expect([...(await here.venue.quotes(['BTC/USD'])).keys()]).toEqual(['BTC/USD']);
    expect([...(await here.venue.quotes(['BTC/USD', 'ETH/USD'])).keys()]).toEqual(['BTC/USD', 'ETH/USD']);
    here.standIn.answers['/0/public/Ticker'] = ({ query }) =>
      query.get('pair') === 'XETHZUSD' ? kraken({ XETHZUSD: ofKraken('3000.0') }) : krakenRefuses('EQuery:Unknown asset pair');
    expect([...(await here.venue.quotes(['BTC/USD', 'ETH/USD'])).keys()]).toEqual(['ETH/USD']);
  });
});
