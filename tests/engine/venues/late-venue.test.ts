import { Big } from 'big.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RatchetError } from '#engine/errors.ts';
import { LateVenue } from '#engine/venues/late-venue.ts';
import { DirectVenue } from '#engine/venues/rehearsal/direct-venue.ts';
import { Exchange } from '#engine/venues/rehearsal/exchange.ts';
import type { Venue, VenueNews } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { HandClock } from './rehearsal/hand-clock.ts';
import { bars, market, start } from './rehearsal/small-market.ts';

const symbol = 'BTC/USD';
const flat = [100, 100, 100, 100] as const;

let clock: HandClock;
let exchange: Exchange;
/** The account at the exchange, once it opens. */
let real: DirectVenue;
/** How opening goes, one after the other; after the last it succeeds. */
let fates: (() => Promise<Venue>)[];
let timesOpened: number;
let timesClosed: number;
let venue: LateVenue;
beforeEach(() => {
  clock = new HandClock(start);
  exchange = new Exchange(clock, { markets: [market(bars([flat, flat, flat]))], balances: { me: { USD: '1000' } } });
  const work = {
    call: async <Answer>(_: string, ask: () => Answer) => ask(),
    news: (_: VenueNews, deliver: () => void) => deliver(),
  };
  real = new DirectVenue({ exchange, account: 'me', clock, link: work });
  fates = [];
  timesOpened = 0;
  timesClosed = 0;
  const close = real.close.bind(real);
  real.close = () => {
    timesClosed += 1;
    return close();
  };
  venue = new LateVenue({
    name: 'rehearsal',
    account: 'me',
    features: real.features,
    open: () => {
      timesOpened += 1;
      return fates.shift()?.() ?? Promise.resolve(real);
    },
  });
});
afterEach(() => exchange.close());

const fails = (error: Error) => () => Promise.reject(error);
const away = new VenueError('network', 'not-sent', 'There is no line.', 'Wait.');

const order = {
  clientOrderId: 'raaaaaaaaaaaaaaaaa',
  symbol,
  side: 'buy',
  kind: 'limit',
  quantity: new Big('0.5'),
  limitPrice: new Big('90'),
  stopPrice: null,
} as const;

describe('a venue that may not answer yet', () => {
  it('sends nothing while it cannot be opened, says so, and is tried again with the next question', async () => {
    fates = [fails(away), fails(away)];
    await expect(venue.begin()).rejects.toBe(away);
    await expect(venue.place(order)).rejects.toMatchObject({
      kind: 'network',
      certainty: 'not-sent',
      message: expect.stringContaining('There is no line.'),
    });
    expect(exchange.orders('me')).toEqual([]);
    await venue.place(order);
    expect(exchange.orders('me')).toHaveLength(1);
    expect(timesOpened).toBe(3);
  });

  it('is opened once, however many ask at the same time', async () => {
    await Promise.all([venue.balances(), venue.quotes([symbol]), venue.openOrders([symbol])]);
    await venue.balances();
    expect(timesOpened).toBe(1);
  });

  it('asks nothing of a key that may do too much: its refusal is given as it is, and to each question as a missing permission', async () => {
    const refusal = new RatchetError('venue/can-withdraw', 'The key may withdraw.', 'Make another.');
    fates = [fails(refusal), fails(refusal)];
    await expect(venue.begin()).rejects.toBe(refusal);
    await expect(venue.balances()).rejects.toMatchObject({ kind: 'permission', certainty: 'not-sent' });
  });

  it('brings news to whoever listened before it opened, and to nobody who has left', async () => {
    const heard: string[] = [];
    venue.onNews(({ kind }) => heard.push(kind));
    venue.onNews(() => heard.push('left'))();
    await venue.place(order);
    expect(heard).toContain('orders');
    expect(heard).not.toContain('left');
  });

  it('lets go of the account though it was still being opened, and opens it no more', async () => {
    let opened: (venue: Venue) => void = () => undefined;
    fates = [() => new Promise((resolve) => (opened = resolve))];
    const question = venue.begin();
    const closed = venue.close();
    opened(real);
    await Promise.all([closed, question]);
    expect(timesClosed).toBe(1);
    await expect(venue.place(order)).rejects.toMatchObject({ certainty: 'not-sent' });
    const never = new LateVenue({ name: 'rehearsal', account: 'me', features: real.features, open: () => Promise.reject(away) });
    await never.close();
    await expect(never.balances()).rejects.toMatchObject({ message: expect.stringContaining('was closed') });
  });
});
