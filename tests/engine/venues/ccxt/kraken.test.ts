import { Big } from 'big.js';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '#engine/log.ts';
import { openCcxtVenue } from '#engine/venues/ccxt/open-ccxt-venue.ts';
import { VenueKeys } from '#engine/venues/keys.ts';
import { krakenAnswers } from './kraken-answers.ts';
import { StandIn } from './stand-in.ts';

let standIn: StandIn;
afterEach(() => standIn.stop());

describe('an order on Kraken', () => {
  it('goes out once, under its name, at its price, with its fee in the quote asset', async () => {
    standIn = await StandIn.start(krakenAnswers());
    const venue = await openCcxtVenue({
      exchange: 'kraken',
      keys: new VenueKeys('the-key', 'c2VjcmV0c2VjcmV0'),
      log: createLog('silent'),
      baseUrl: standIn.url,
    });
    const placed = await venue.place({
      clientOrderId: 'r23',
      symbol: 'BTC/USD',
      side: 'buy',
      kind: 'limit',
      quantity: new Big('0.01'),
      limitPrice: new Big('50000.1'),
      stopPrice: null,
    });
    expect(placed).toEqual({ venueOrderId: 'OAAAAA-BBBBB-CCCCCC' });
    const [sent, ...more] = standIn.to('/0/private/AddOrder');
    expect(more).toEqual([]);
    expect(Object.fromEntries(sent!.form)).toMatchObject({ cl_ord_id: 'r23', volume: '0.01', price: '50000.1', oflags: 'fciq' });
    await venue.close();
  });
});
