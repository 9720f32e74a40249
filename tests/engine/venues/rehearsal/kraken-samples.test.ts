import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Exchange } from 'ccxt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Rehearsal, startRehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';
import { HandClock } from './hand-clock.ts';
import { bars, start } from './small-market.ts';
import { unmodifiedCcxt } from './unmodified-ccxt.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Row = { [key: string]: Json };

const samples = fileURLToPath(new URL('../../../../../shared/exchange-samples/kraken', import.meta.url));

function recorded(file: string): Row {
  return (JSON.parse(readFileSync(`${samples}/${file}.json`, 'utf8')) as { result: Row }).result;
}

/** The one thing of an answer that stands for the others: what the first of its names, which are ids, holds. */
function first(answer: Json | undefined): Json {
  return Object.values(answer as Row)[0]!;
}

/** Where our answer has another type than the recorded one, or nothing at all; what Kraken has added since is no difference. */
function differences(theirs: Json, ours: Json | undefined, where: string): string[] {
  if (theirs === null) return [];
  const kind = (value: Json | undefined) => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);
  if (kind(theirs) !== kind(ours)) return [`${where}: ${kind(theirs)} is ${kind(ours)}`];
  if (typeof theirs !== 'object') return [];
  // Of a table of rows, as long as it may be, the first stands for all.
  if (Array.isArray(theirs) && Array.isArray(theirs[0])) return differences(theirs[0], (ours as Json[])[0], `${where}[0]`);
  return Object.entries(theirs).flatMap(([key, value]) => differences(value, (ours as Row)[key], `${where}.${key}`));
}

/** A row as a list, cut to what the recorded one had. */
function row(rows: Json | undefined): Json {
  return (rows as Json[])[0]!;
}

describe.skipIf(!existsSync(samples))(
  'answers recorded from Kraken, beside the repository, have the form of the rehearsal’s',
  () => {
    let rehearsal: Rehearsal;
    let client: Exchange;

    beforeAll(async () => {
      const still = bars(Array(60).fill([1000, 1000, 1000, 1000]));
      rehearsal = await startRehearsal({
        dialect: 'kraken',
        prices: { candles: new Map([['BTC/USD', still]]), timeframe: '1h' },
        balances: { USD: '100000', BTC: '10' },
        clock: new HandClock(start),
      });
      client = await unmodifiedCcxt('kraken', rehearsal);
      await client.loadMarkets();
      await client.createOrder('BTC/USD', 'market', 'sell', 0.5);
      await client.createOrder('BTC/USD', 'limit', 'buy', 1, 500);
    });
    afterAll(async () => {
      await client.close();
      await rehearsal.close();
    });

    /** As it came, before ccxt reads it. */
    async function ours(call: () => Promise<unknown>): Promise<Row> {
      await call();
      return (JSON.parse(client.last_http_response!) as { result: Row }).result;
    }

    const pair = { pair: 'XXBTZUSD' };
    const cases: Record<string, [call: () => Promise<unknown>, pick: (answer: Row) => Json]> = {
      'marketdata/example-servertime-data': [() => client.publicGetTime(), (answer) => answer],
      'marketdata/example-assets-data': [() => client.publicGetAssets(), first],
      'marketdata/example-assetpairs-data': [() => client.publicGetAssetPairs(), first],
      'marketdata/example-ticker-data': [() => client.publicGetTicker(pair), first],
      'marketdata/example-ohlc-data': [() => client.publicGetOHLC({ ...pair, interval: 60 }), (answer) => row(first(answer))],
      'marketdata/example-depth-data': [() => client.publicGetDepth(pair), (answer) => row((first(answer) as Row).asks)],
      'marketdata/example-trades-data': [() => client.publicGetTrades(pair), (answer) => row(first(answer))],
      'account/example-balance-data': [() => client.privatePostBalance(), first],
      'account/example-tradebalanceinfo-data': [() => client.privatePostTradeBalance(), (answer) => answer],
      'account/example-tradevolume-data': [() => client.privatePostTradeVolume(pair), (answer) => answer],
      'account/example-krakenWebsocketToken-data': [() => client.privatePostGetWebSocketsToken(), (answer) => answer],
      'trading/example-openorders-data': [() => client.privatePostOpenOrders(), (answer) => first(answer.open)],
      'trading/example-tradehistory-data': [() => client.privatePostTradesHistory(), (answer) => first(answer.trades)],
      'trading/example-addorder-response-data': [
        () => client.privatePostAddOrder({ ...pair, type: 'buy', ordertype: 'limit', price: '500.0', volume: '1' }),
        (answer) => answer,
      ],
      'order/example-market-ask-order': [
        () => client.privatePostQueryOrders({ txid: 'OAAAAA-AAAAA-AAAAAB', trades: true }),
        first,
      ],
    };

    it.each(Object.entries(cases))('%s', async (file, [call, pick]) => {
      expect(differences(pick(recorded(file)), pick(await ours(call)), '')).toEqual([]);
    });

    it('trading/example-cancelorder-data', async () => {
      const answer = await ours(() => client.privatePostCancelAll());
      expect(differences(recorded('trading/example-cancelorder-data'), answer, '')).toEqual([]);
      expect(rehearsal.exchange.openOrders('rehearsal')).toEqual([]);
    });
  },
);
