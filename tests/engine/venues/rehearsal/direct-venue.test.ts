import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import { DirectVenue, type Link, perfectLink } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { OrderRequest, VenueNews } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { HandClock } from './hand-clock.ts';
import { bars, hour, market, start } from './small-market.ts';

const candles = bars([
  [1000, 1100, 900, 1050],
  [1050, 1060, 1040, 1050],
]);

function open(link: Link = perfectLink) {
  const clock = new HandClock(start);
  const exchange = new Exchange(clock, { markets: [market(candles)], balances: { me: { USD: '10000', BTC: '1' } } });
  const venue = new DirectVenue({ exchange, account: 'me', clock, link });
  return { clock, exchange, venue };
}

function request(changes: Partial<OrderRequest> = {}): OrderRequest {
  return {
    clientOrderId: 'rabc',
    symbol: 'BTC/USD',
    side: 'buy',
    kind: 'limit',
    quantity: new Big(1),
    limitPrice: new Big(950),
    stopPrice: null,
    ...changes,
  };
}

const name = { clientOrderId: 'rabc', venueOrderId: null, symbol: 'BTC/USD', sentAt: start };

describe('the model as a venue', () => {
  it('places, finds, fills and tells', async () => {
    const { clock, venue } = open();
    const news: VenueNews[] = [];
    venue.onNews((each) => news.push(each));
    const { venueOrderId } = await venue.place(request());
    expect(await venue.find(name)).toMatchObject({ venueOrderId, state: 'open', clientOrderId: 'rabc' });
    expect(await venue.openOrders(['BTC/USD'])).toHaveLength(1);
    clock.turn(hour);
    expect(await venue.find({ ...name, venueOrderId })).toMatchObject({ state: 'filled' });
    const [fill] = await venue.fills(['BTC/USD'], start);
    expect(fill).toMatchObject({ venueOrderId, side: 'buy', isMaker: true });
    expect(fill!.fees.map((fee) => `${fee.amount} ${fee.asset}`)).toEqual(['0.95 USD']);
    expect((await venue.balances()).get('BTC')!.total.toFixed()).toBe('2');
    expect(new Set(news.map((each) => each.kind))).toEqual(new Set(['orders']));
  });

  it('takes the end of an order that had ended for done, and knows no other', async () => {
    const { venue } = open();
    await venue.place(request());
    await venue.cancel(name);
    await venue.cancel(name);
    expect(await venue.find(name)).toMatchObject({ state: 'cancelled' });
    await expect(venue.cancel({ ...name, clientOrderId: 'rother' })).rejects.toMatchObject({ kind: 'no-such-order' });
    expect(await venue.find({ ...name, clientOrderId: 'rother' })).toBeNull();
  });

  it('says no with the kind of refusal', async () => {
    const { venue } = open();
    await expect(venue.place(request({ quantity: new Big(1_000) }))).rejects.toMatchObject({
      code: 'venue/insufficient-funds',
      certainty: 'refused',
    });
    await venue.place(request());
    await expect(venue.place(request())).rejects.toMatchObject({ kind: 'duplicate', certainty: 'refused' });
  });
});

describe('the way to it', () => {
  const lost = () => new VenueError('timeout', 'unknown', 'No answer came.', 'Ask.');

  it('can lose the request', async () => {
    const { exchange, venue } = open({
      ...perfectLink,
      call: (name, work) => (name === 'place' ? Promise.reject(lost()) : perfectLink.call(name, work)),
    });
    await expect(venue.place(request())).rejects.toMatchObject({ certainty: 'unknown' });
    expect(exchange.orders('me')).toEqual([]);
  });

  it('can lose the answer', async () => {
    const link: Link = {
      ...perfectLink,
      call: async (name, work) => {
        const answer = work();
        if (name === 'place') throw lost();
        return answer;
      },
    };
    const { venue } = open(link);
    await expect(venue.place(request())).rejects.toMatchObject({ certainty: 'unknown' });
    expect(await venue.find(name)).toMatchObject({ state: 'open' });
  });

  it('can carry a request twice, of which an id stops the second only while the first is open', async () => {
    const twice: Link = {
      ...perfectLink,
      call: async (name, work) => {
        const answer = work();
        if (name === 'place') work();
        return answer;
      },
    };
    await expect(open(twice).venue.place(request())).rejects.toMatchObject({ kind: 'duplicate' });
    const { exchange, venue } = open(twice);
    await venue.place(request({ kind: 'market', limitPrice: null }));
    expect(exchange.orders('me')).toHaveLength(2);
  });

  it('can keep news back, and make up that it broke', async () => {
    const { venue } = open({ ...perfectLink, news: (news, deliver) => news.kind !== 'orders' && deliver() });
    const news: VenueNews[] = [];
    venue.onNews((each) => news.push(each));
    await venue.place(request());
    venue.tell({ kind: 'lost' });
    expect(news).toEqual([{ kind: 'lost' }]);
  });

  it('ends with the venue', async () => {
    const { venue } = open();
    await venue.close();
    await expect(venue.balances()).rejects.toMatchObject({ certainty: 'not-sent' });
  });
});
