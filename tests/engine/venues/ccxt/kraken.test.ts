import { Big } from 'big.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { VenueOrder } from '#engine/venues/venue.ts';
import { kraken, krakenAnswers, krakenPair, krakenRefuses } from './kraken-answers.ts';
import { failureOf, type Opened, opened, orderOf } from './opened.ts';

const SYMBOL = 'BTC/USD';
const AT = Date.UTC(2026, 0, 5);
let here: Opened;
beforeAll(async () => {
  here = await opened('kraken', krakenAnswers());
});
afterAll(() => here.close());
beforeEach(() => {
  Object.assign(here.standIn.answers, krakenAnswers());
  here.standIn.asked.length = 0;
});

const order = (rest: object) => orderOf({ symbol: SYMBOL, ...rest });
const sentOrders = () => here.standIn.to('/0/private/AddOrder').map(({ form }) => Object.fromEntries(form));
const named = (rest: object = {}) => ({
  clientOrderId: 'r2abcdefghijklmnop',
  venueOrderId: null,
  symbol: SYMBOL,
  sentAt: AT,
  ...rest,
});
/** An order as Kraken lists it. */
const listed = (rest: object = {}) => ({
  refid: null,
  userref: 0,
  cl_ord_id: 'r2abcdefghijklmnop',
  status: 'open',
  opentm: AT / 1000 + 0.25,
  descr: {
    pair: 'XBTUSD',
    type: 'buy',
    ordertype: 'limit',
    price: '50000.0',
    price2: '0',
    order: 'buy 0.01 XBTUSD @ limit 50000.0',
  },
  vol: '0.01000000',
  vol_exec: '0.00400000',
  cost: '200.0',
  fee: '0.7',
  price: '50000.0',
  oflags: 'fciq',
  ...rest,
});

describe('what leaves for Kraken', () => {
  it('is a market order, a limit, one that fills at once or not at all, or a stop that sells at the market', async () => {
    await here.venue.place(order({ kind: 'market', side: 'sell', limitPrice: null }));
    await here.venue.place(order({ kind: 'limit', limitPrice: new Big('50000.1') }));
    await here.venue.place(order({ kind: 'limit-ioc' }));
    await here.venue.place(order({ kind: 'stop', side: 'sell', limitPrice: null, stopPrice: new Big('49000.5') }));
    const [market, limit, atOnce, stop] = sentOrders();
    expect(market).toMatchObject({
      pair: 'XXBTZUSD',
      type: 'sell',
      ordertype: 'market',
      volume: '0.01',
      cl_ord_id: 'r2abcdefghijklmnop',
    });
    expect(limit).toMatchObject({ type: 'buy', ordertype: 'limit', price: '50000.1' });
    expect(limit).not.toHaveProperty('timeinforce');
    expect(atOnce).toMatchObject({ ordertype: 'limit', price: '50000', timeinforce: 'IOC' });
    expect(stop).toMatchObject({ type: 'sell', ordertype: 'stop-loss', price: '49000.5' });
    expect(stop).not.toHaveProperty('price2');
  });

  it('asks for the fee in the quote asset, for the history of trades does not say in which it was taken', async () => {
    await here.venue.place(order({ kind: 'market', side: 'sell', limitPrice: null }));
    expect(sentOrders()[0]).toMatchObject({ oflags: 'fciq' });
  });

  it('is taken within ten seconds of now by the clock of the exchange, or not at all', async () => {
    const inSeconds = () => (Date.parse(sentOrders().at(-1)!.deadline!) - Date.now()) / 1000;
    await here.venue.place(order({}));
    expect(sentOrders()[0]).toMatchObject({ deadline: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) });
    expect(inSeconds()).toBeGreaterThan(8);
    expect(inSeconds()).toBeLessThanOrEqual(10);
    here.standIn.answers['/0/public/Time'] = () => kraken({ unixtime: Math.floor(Date.now() / 1000) + 60, rfc1123: '' });
    await here.venue.clockOffset();
    await here.venue.place(order({}));
    expect(inSeconds()).toBeGreaterThan(67);
    expect(inSeconds()).toBeLessThanOrEqual(71);
    Object.assign(here.standIn.answers, krakenAnswers());
    await here.venue.clockOffset();
  });

  it.each([
    ['a price between two ticks, which ccxt would raise', { limitPrice: new Big('50000.06') }, /off the tick/],
    ['a quantity finer than the step, which ccxt would cut off', { quantity: new Big('0.0100000001') }, /off the step/],
    ['a quantity that ccxt would cut to nothing', { quantity: new Big('0.000000001') }, /off the step/],
    ['a quantity below the minimum, which ccxt would send', { quantity: new Big('0.00009') }, /below the minimum/],
    ['an order worth less than the minimum', { quantity: new Big('0.0001'), limitPrice: new Big(4000) }, /worth 0.4 is below/],
    ['nothing', { quantity: new Big(0) }, /quantity is 0/],
    ['a name that Kraken does not take', { clientOrderId: 'r-with-more-than-18-characters' }, /no name for an order/],
    ['a limit without a price', { limitPrice: null }, /without a limit/],
    ['a market that is not there', { symbol: 'ETH/USD' }, /no market ETH\/USD/],
  ])('is never %s', async (_what, change, expected) => {
    const failure = await failureOf(here.venue.place(order(change)));
    expect(failure).toMatchObject({ kind: 'invalid-order', certainty: 'not-sent', message: expect.stringMatching(expected) });
    expect(here.standIn.asked).toEqual([]);
  });

  it('is nothing at all where ccxt would change it on its way', async () => {
    // A tick finer than the digits that ccxt keeps: it would raise this limit to 50000.1.
    here.standIn.answers['/0/public/AssetPairs'] = () => kraken({ XXBTZUSD: { ...krakenPair, tick_size: '0.05' } });
    await here.venue.markets([SYMBOL]);
    const failure = await failureOf(here.venue.place(order({ limitPrice: new Big('50000.05') })));
    expect(failure).toMatchObject({
      certainty: 'not-sent',
      message: expect.stringContaining('limitPrice would have been 50000.1'),
    });
    expect(sentOrders()).toEqual([]);
    here.standIn.answers['/0/public/AssetPairs'] = () => kraken({ XXBTZUSD: krakenPair });
    await here.venue.markets([SYMBOL]);
  });

  it('carries rising nonces one after another, however many are asked at once, and orders before questions', async () => {
    here.standIn.answers['/0/private/BalanceEx'] = () => kraken({});
    here.standIn.answers['/0/private/OpenOrders'] = () => kraken({ open: {} });
    const questions = [
      here.venue.balances(),
      here.venue.openOrders([SYMBOL]),
      here.venue.balances(),
      here.venue.openOrders([SYMBOL]),
    ];
    await Promise.all([...questions, here.venue.place(order({}))]);
    const nonces = here.standIn.asked.map(({ form }) => Number(form.get('nonce')));
    expect(nonces).toEqual([...new Set(nonces)].sort((a, b) => a - b));
    expect(here.standIn.asked.map(({ path }) => path.slice(11)).slice(0, 2)).toEqual(['BalanceEx', 'AddOrder']);
  });
});

describe('whether an order may be at Kraken', () => {
  const taken = { descr: { order: 'buy 0.01 XBTUSD @ limit 50000.0' }, txid: ['OAAAAA-BBBBB-CCCCCC'] };
  it.each([
    ['it refuses for want of money', ['EOrder:Insufficient funds'], 'insufficient-funds', 'refused'],
    ['it wants a higher nonce', ['EAPI:Invalid nonce'], 'nonce', 'refused'],
    ['orders come too often', ['EOrder:Rate limit exceeded'], 'rate-limit', 'refused'],
    ['questions come too often', ['EAPI:Rate limit exceeded'], 'rate-limit', 'refused'],
    ['it has come too late', ['EService:Deadline elapsed'], 'maintenance', 'refused'],
    ['it is wanted for a time that cannot be', ['EGeneral:Invalid arguments:deadline'], 'maintenance', 'refused'],
    ['the market takes none at present', ['EService:Market in cancel_only mode'], 'maintenance', 'refused'],
    ['the key may not trade', ['EGeneral:Permission denied'], 'permission', 'refused'],
    ['the key is none', ['EAPI:Invalid key'], 'permission', 'refused'],
    ['the order is too small', ['EOrder:Order minimum not met'], 'invalid-order', 'refused'],
    ['an argument is wrong', ['EGeneral:Invalid arguments:volume'], 'invalid-order', 'refused'],
    ['it bears the name of an open one', ['EOrder:Duplicate cl_ord_id'], 'duplicate', 'refused'],
    ['it says something new', ['EFuture:Not yet known'], 'other', 'unknown'],
    ['its matching engine is gone', ['EService:Unavailable'], 'maintenance', 'unknown'],
    ['it failed inside', ['EGeneral:Internal error'], 'maintenance', 'unknown'],
  ])('is known when %s', async (_what, errors, kind, certainty) => {
    here.standIn.answers['/0/private/AddOrder'] = () => krakenRefuses(...errors);
    const failure = await failureOf(here.venue.place(order({})));
    expect(failure).toMatchObject({ kind, certainty, code: `venue/${kind}` });
    expect(failure.message).toContain(errors[0]);
    expect(sentOrders()).toHaveLength(1);
  });

  it.each([
    ['the connection drops', 'drop', 'network', 'unknown'],
    ['the front of the house fails', { status: 520, body: '<html>' }, 'maintenance', 'unknown'],
    ['it is unavailable', { status: 503, body: '' }, 'maintenance', 'unknown'],
    ['the gateway waits in vain', { status: 504, body: '' }, 'timeout', 'unknown'],
    ['the answer is no answer', { status: 200, body: 'maintenance page' }, 'other', 'unknown'],
    ['the answer names no order', kraken({ descr: { order: '' }, txid: [] }), 'other', 'unknown'],
    ['it warns of what it has taken', { ...kraken(taken), error: ['WOrder:Something to know'] }, 'other', 'unknown'],
    ['it refuses what it has taken', { ...kraken(taken), error: ['EOrder:Insufficient funds'] }, 'insufficient-funds', 'unknown'],
    [
      'it refuses, with an empty answer',
      { ...kraken({}), error: ['EOrder:Insufficient funds'] },
      'insufficient-funds',
      'refused',
    ],
    ['it is asked for too often', { status: 429, body: '', headers: { 'retry-after': '7' } }, 'rate-limit', 'refused'],
    ['the door is closed', { status: 403, body: '' }, 'permission', 'refused'],
  ] as const)('is told when %s, and the order is never sent again', async (_what, answer, kind, certainty) => {
    here.standIn.answers['/0/private/AddOrder'] = () => answer;
    const failure = await failureOf(here.venue.place(order({})));
    expect(failure).toMatchObject({ kind, certainty });
    expect(failure.retryAfterMs).toBe(kind === 'rate-limit' ? 7_000 : null);
    expect(sentOrders()).toHaveLength(1);
  });
});

describe('an order of ours at Kraken', () => {
  const found: VenueOrder = {
    venueOrderId: 'OAAAAA-BBBBB-CCCCCC',
    clientOrderId: 'r2abcdefghijklmnop',
    symbol: SYMBOL,
    side: 'buy',
    state: 'open',
    quantity: new Big('0.01'),
    filled: new Big('0.004'),
    createdAt: AT + 250,
  };

  it('is found by our name among the open ones, and then among those that have ended', async () => {
    const { answers } = here.standIn;
    answers['/0/private/OpenOrders'] = () => kraken({ open: { 'OAAAAA-BBBBB-CCCCCC': listed() } });
    expect(await here.venue.find(named())).toEqual(found);
    answers['/0/private/OpenOrders'] = () => kraken({ open: {} });
    answers['/0/private/ClosedOrders'] = () =>
      kraken({ closed: { 'OAAAAA-BBBBB-CCCCCC': listed({ status: 'closed', vol_exec: '0.01' }) }, count: 1 });
    expect(await here.venue.find(named())).toMatchObject({ state: 'filled', filled: new Big('0.01') });
    for (const path of ['/0/private/OpenOrders', '/0/private/ClosedOrders']) {
      expect(here.standIn.to(path).at(-1)?.form.get('cl_ord_id')).toBe('r2abcdefghijklmnop');
    }
    // What ccxt's fetchOrder would have sent.
    expect(here.standIn.to('/0/private/QueryOrders')).toEqual([]);
  });

  it('is the youngest of those that bear its name, for a name is free again once its order has ended', async () => {
    here.standIn.answers['/0/private/OpenOrders'] = () => kraken({ open: {} });
    here.standIn.answers['/0/private/ClosedOrders'] = () =>
      kraken({
        closed: { OOLD: listed({ status: 'canceled' }), ONEW: listed({ status: 'expired', opentm: AT / 1000 + 9 }) },
        count: 2,
      });
    expect(await here.venue.find(named())).toMatchObject({ venueOrderId: 'ONEW', state: 'expired' });
  });

  it("is found by Kraken's own name, and is not there when Kraken says so", async () => {
    const { answers } = here.standIn;
    const byItsName = named({ venueOrderId: 'OAAAAA-BBBBB-CCCCCC' });
    answers['/0/private/QueryOrders'] = () => kraken({ 'OAAAAA-BBBBB-CCCCCC': listed() });
    expect(await here.venue.find(byItsName)).toEqual(found);
    expect(here.standIn.to('/0/private/QueryOrders')[0]?.form.get('txid')).toBe('OAAAAA-BBBBB-CCCCCC');
    answers['/0/private/QueryOrders'] = () => kraken({});
    expect(await here.venue.find(byItsName)).toBeNull();
    answers['/0/private/QueryOrders'] = () => krakenRefuses('EOrder:Unknown order');
    expect(await here.venue.find(byItsName)).toBeNull();
  });

  it('is looked for together with others while the question waits for its turn', async () => {
    const { answers } = here.standIn;
    const known = new Map(Array.from({ length: 25 }, (_, index) => [`O${index}`, listed({ cl_ord_id: `r2order${index}` })]));
    let late: Promise<VenueOrder | null> | undefined;
    const asked: string[][] = [];
    answers['/0/private/QueryOrders'] = ({ form }) => {
      late ??= here.venue.find(named({ venueOrderId: 'O3' }));
      const ids = (form.get('txid') ?? '').split(',');
      asked.push(ids);
      return kraken(Object.fromEntries(ids.flatMap((id) => (known.has(id) ? [[id, known.get(id)]] : []))));
    };
    // Kraken answers one question at a time: all others wait for this one.
    const ahead = here.venue.balances();
    const orders = await Promise.all([...known.keys()].map((venueOrderId) => here.venue.find(named({ venueOrderId }))));
    expect(orders.map((order) => order?.venueOrderId)).toEqual([...known.keys()]);
    expect(orders[7]?.clientOrderId).toBe('r2order7');
    expect((await late)?.venueOrderId).toBe('O3');
    // Twenty in one at the most; who came after the first had left joins the second.
    expect(asked.map((ids) => ids.length)).toEqual([20, 6]);
    await ahead;
  });

  it('is not put to a question that has left', async () => {
    const asked: string[] = [];
    here.standIn.answers['/0/private/QueryOrders'] = ({ form }) => {
      asked.push(form.get('txid') ?? '');
      return kraken(
        Object.fromEntries(
          asked
            .at(-1)!
            .split(',')
            .map((id) => [id, listed()]),
        ),
      );
    };
    await Promise.all(['O1', 'O2', 'O3'].map((venueOrderId) => here.venue.find(named({ venueOrderId }))));
    expect(asked).toEqual(['O1', 'O2,O3']);
  });

  it.each([
    ['refused', () => krakenRefuses('EOrder:Unknown order')],
    ['refused for its form', () => krakenRefuses('EGeneral:Invalid arguments')],
    ['answered without it', () => kraken({ O1: listed() })],
  ])('is asked for alone where the question for several was %s', async (_what, ofSeveral) => {
    here.standIn.answers['/0/private/QueryOrders'] = ({ form }) => {
      const txid = form.get('txid');
      if (txid === 'O2') return krakenRefuses('EOrder:Unknown order');
      return txid === 'O1' || txid === 'O3' ? kraken({ [txid]: listed() }) : ofSeveral();
    };
    const ahead = here.venue.balances();
    const orders = await Promise.all(['O1', 'O2', 'O3'].map((venueOrderId) => here.venue.find(named({ venueOrderId }))));
    expect(orders.map((order) => order?.venueOrderId ?? null)).toEqual(['O1', null, 'O3']);
    await ahead;
  });

  it('is not taken for missing when the question for several fails', async () => {
    here.standIn.answers['/0/private/QueryOrders'] = () => 'drop';
    const ahead = here.venue.balances();
    const failures = await Promise.all(['O1', 'O2'].map((venueOrderId) => failureOf(here.venue.find(named({ venueOrderId })))));
    expect(failures.map(({ kind }) => kind)).toEqual(['network', 'network']);
    expect(here.standIn.to('/0/private/QueryOrders')).toHaveLength(1);
    await ahead;
  });

  it('is not taken for missing when the question fails', async () => {
    here.standIn.answers['/0/private/OpenOrders'] = () => kraken({ open: {} });
    here.standIn.answers['/0/private/ClosedOrders'] = () => 'drop';
    expect(await failureOf(here.venue.find(named()))).toMatchObject({ kind: 'network' });
  });

  it.each([
    ['open', '0', 'open'],
    ['pending', '0', 'open'],
    ['closed', '0.01', 'filled'],
    ['closed', '0.004', 'cancelled'],
    ['canceled', '0.004', 'cancelled'],
    ['expired', '0', 'expired'],
  ])('in state %s with %s filled is %s', async (status, vol_exec, state) => {
    here.standIn.answers['/0/private/QueryOrders'] = () => kraken({ O1: listed({ status, vol_exec }) });
    expect(await here.venue.find(named({ venueOrderId: 'O1' }))).toMatchObject({ state });
  });

  it('in a state nobody knows is no order at all but a failure', async () => {
    here.standIn.answers['/0/private/QueryOrders'] = () => kraken({ O1: listed({ status: 'sleeping' }) });
    expect(await failureOf(here.venue.find(named({ venueOrderId: 'O1' })))).toMatchObject({
      kind: 'other',
      message: expect.stringContaining('sleeping'),
    });
  });

  it('is told from a stranger: userref, which everybody has, is nobody’s name', async () => {
    here.standIn.answers['/0/private/OpenOrders'] = () =>
      kraken({ open: { O1: listed({ cl_ord_id: null, userref: 7 }), O2: listed() } });
    const orders = await here.venue.openOrders([SYMBOL]);
    expect(orders.map(({ clientOrderId }) => clientOrderId)).toEqual([null, 'r2abcdefghijklmnop']);
    expect(await here.venue.openOrders(['ETH/USD'])).toEqual([]);
    // A stranger in another market may have any form.
    const strange = listed({ status: 'sleeping', descr: { pair: 'ETHUSD', type: 'none' } });
    here.standIn.answers['/0/private/OpenOrders'] = () => kraken({ open: { O1: strange, O2: listed() } });
    expect(await here.venue.openOrders([SYMBOL])).toHaveLength(1);
  });

  it('is cancelled by the name that is known, and that it had ended already is no failure', async () => {
    here.standIn.answers['/0/private/CancelOrder'] = () => kraken({ count: 1 });
    await here.venue.cancel(named());
    await here.venue.cancel(named({ venueOrderId: 'O1' }));
    const [ours, theirs] = here.standIn.to('/0/private/CancelOrder').map(({ form }) => Object.fromEntries(form));
    expect(ours).toMatchObject({ cl_ord_id: 'r2abcdefghijklmnop' });
    expect(ours).not.toHaveProperty('txid');
    expect(theirs).toMatchObject({ txid: 'O1' });
    here.standIn.answers['/0/private/CancelOrder'] = () => krakenRefuses('EOrder:Unknown order');
    await here.venue.cancel(named());
    here.standIn.answers['/0/private/CancelOrder'] = () => krakenRefuses('EGeneral:Internal error');
    expect(await failureOf(here.venue.cancel(named()))).toMatchObject({ certainty: 'unknown' });
  });
});

describe('what Kraken says', () => {
  const trade = (index: number, rest: object = {}) => ({
    ordertxid: 'OAAAAA-BBBBB-CCCCCC',
    postxid: 'TKH2SE',
    pair: 'XXBTZUSD',
    time: AT / 1000 + index,
    type: 'buy',
    ordertype: 'limit',
    price: '50000.10000',
    cost: '5.00001',
    fee: '0.01300003',
    vol: '0.00010001',
    margin: '0.00000',
    misc: '',
    maker: true,
    ...rest,
  });

  it('of fills is exact, all pages of it, each once and the oldest first', async () => {
    const all = Array.from({ length: 120 }, (_, index) => [`T${index}`, trade(index)] as const).reverse();
    const offsets: number[] = [];
    here.standIn.answers['/0/private/TradesHistory'] = ({ form }) => {
      // One comes in while the pages are read: everything moves by one.
      const shift = offsets.length > 0 ? 1 : 0;
      const offset = Number(form.get('ofs') ?? 0);
      offsets.push(offset);
      return kraken({ trades: Object.fromEntries(all.slice(Math.max(0, offset - shift), offset - shift + 50)), count: 120 });
    };
    const fills = await here.venue.fills([SYMBOL], AT);
    expect(fills.map(({ id }) => id)).toEqual(Array.from({ length: 120 }, (_, index) => `T${index}`));
    expect(fills[3]).toEqual({
      id: 'T3',
      venueOrderId: 'OAAAAA-BBBBB-CCCCCC',
      symbol: SYMBOL,
      side: 'buy',
      quantity: new Big('0.00010001'),
      price: new Big('50000.1'),
      fees: [{ asset: 'USD', amount: new Big('0.01300003') }],
      isMaker: true,
      time: AT + 3000,
    });
    expect(Number(here.standIn.to('/0/private/TradesHistory')[0]?.form.get('start'))).toBeLessThan(AT / 1000);
  });

  it('of fills is asked for once for all who want them while the question waits for its turn', async () => {
    const all = [0, 1, 2].map((index) => [`T${index}`, trade(index)] as const);
    let late: Promise<{ id: string }[]> | undefined;
    here.standIn.answers['/0/private/TradesHistory'] = () => {
      const trades = late === undefined ? all.slice(0, 2) : all;
      // The question has left: what happens now may be missing from its answer.
      late ??= here.venue.fills([SYMBOL], AT);
      return kraken({ trades: Object.fromEntries(trades), count: trades.length });
    };
    // Kraken answers one question at a time: all others wait for this one.
    const ahead = here.venue.balances();
    const asked = [[SYMBOL], ['ETH/USD']].map((symbols) => here.venue.fills(symbols, AT));
    asked.push(here.venue.fills([SYMBOL], AT + 1_000));
    const names = (await Promise.all(asked)).map((fills) => fills.map(({ id }) => id));
    expect(names).toEqual([['T0', 'T1'], [], ['T1']]);
    expect((await late)?.map(({ id }) => id)).toEqual(['T0', 'T1', 'T2']);
    expect(here.standIn.to('/0/private/TradesHistory')).toHaveLength(2);
    await ahead;
  });

  it('of fills from earlier on than was asked for is asked for apart', async () => {
    here.standIn.answers['/0/private/TradesHistory'] = () => kraken({ trades: {}, count: 0 });
    const ahead = here.venue.balances();
    await Promise.all([AT, AT - 60_000, AT].map((since) => here.venue.fills([SYMBOL], since)));
    const starts = here.standIn.to('/0/private/TradesHistory').map(({ form }) => AT / 1000 - Number(form.get('start')));
    expect(starts).toEqual([1, 61]);
    await ahead;
  });

  it('of fills it refused is told to all who had asked', async () => {
    here.standIn.answers['/0/private/TradesHistory'] = () => krakenRefuses('EService:Busy');
    const ahead = here.venue.balances();
    const failures = await Promise.all([1, 2].map(() => failureOf(here.venue.fills([SYMBOL], AT))));
    expect(failures.map(({ kind }) => kind)).toEqual(['maintenance', 'maintenance']);
    expect(here.standIn.to('/0/private/TradesHistory')).toHaveLength(1);
    await ahead;
    here.standIn.answers['/0/private/TradesHistory'] = () => kraken({ trades: {}, count: 0 });
    expect(await here.venue.fills([SYMBOL], AT)).toEqual([]);
  });

  it('of balances is exact, with what open orders hold', async () => {
    here.standIn.answers['/0/private/BalanceEx'] = () =>
      kraken({
        ZUSD: { balance: '1000.123456789012345678', hold_trade: '100.1' },
        XXBT: { balance: '0.1', hold_trade: '0' },
        'XBT.F': { balance: '0.02', hold_trade: '0' },
        'XBT.S': { balance: '7', hold_trade: '0' },
        XETH: { balance: '0.0000', hold_trade: '0' },
      });
    expect(await here.venue.balances()).toEqual(
      new Map([
        ['USD', { total: new Big('1000.123456789012345678'), free: new Big('900.023456789012345678') }],
        ['BTC', { total: new Big('0.12'), free: new Big('0.12') }],
        // Staked: not to be spent.
        ['BTC.S', { total: new Big(7), free: new Big(7) }],
      ]),
    );
  });

  it('of prices is exact', async () => {
    here.standIn.answers['/0/public/Ticker'] = () =>
      kraken({
        XXBTZUSD: {
          a: ['50000.2', '1', '1.0'],
          b: ['50000.1', '1', '1.0'],
          c: ['50000.1', '0.1'],
          v: ['1', '2'],
          p: ['1', '1'],
          t: [1, 2],
          l: ['1', '1'],
          h: ['1', '1'],
          o: '1',
        },
      });
    const quotes = await here.venue.quotes([SYMBOL]);
    expect(quotes.get(SYMBOL)).toMatchObject({ bid: new Big('50000.1'), ask: new Big('50000.2'), last: new Big('50000.1') });
  });

  it('of a market holds its tick, its bounds, what its assets are kept in and what this account pays', async () => {
    here.standIn.answers['/0/public/AssetPairs'] = () =>
      kraken({ XXBTZUSD: { ...krakenPair, pair_decimals: 2, tick_size: '0.5' } });
    expect(await here.venue.markets([SYMBOL, 'ETH/USD'])).toEqual([
      {
        symbol: SYMBOL,
        base: 'BTC',
        quote: 'USD',
        isActive: true,
        tickSize: new Big('0.5'),
        stepSize: new Big('0.00000001'),
        baseUnit: new Big('0.0000000001'),
        quoteUnit: new Big('0.0001'),
        minQuantity: new Big('0.0001'),
        minNotional: new Big('0.5'),
        maxQuantity: null,
        makerFeeRate: 0.002,
        takerFeeRate: 0.0035,
      },
    ]);
    here.standIn.answers['/0/public/AssetPairs'] = () => kraken({ XXBTZUSD: { ...krakenPair, status: 'cancel_only' } });
    here.standIn.answers['/0/private/TradeVolume'] = () => krakenRefuses('EGeneral:Permission denied');
    expect(await here.venue.markets([SYMBOL])).toMatchObject([
      { isActive: false, makerFeeRate: 0.0025, takerFeeRate: 0.004, tickSize: new Big('0.1') },
    ]);
  });

  it('of the time is whole seconds, and the offset is as uncertain', async () => {
    here.standIn.answers['/0/public/Time'] = () => kraken({ unixtime: Math.floor(Date.now() / 1000) + 60, rfc1123: '' });
    const { offset, uncertainty } = await here.venue.clockOffset();
    expect(Math.abs(offset - 60_000)).toBeLessThanOrEqual(uncertainty);
    expect(uncertainty).toBeGreaterThanOrEqual(500);
    expect(uncertainty).toBeLessThan(1_000);
  });

  it('of a dead-man switch is counted in whole seconds, and never rounded to nothing', async () => {
    here.standIn.answers['/0/private/CancelAllOrdersAfter'] = () => kraken({ currentTime: '', triggerTime: '' });
    for (const ms of [60_000, 400, 0]) await here.venue.armDeadManSwitch(ms);
    expect(here.standIn.to('/0/private/CancelAllOrdersAfter').map(({ form }) => form.get('timeout'))).toEqual(['60', '1', '0']);
    expect(here.venue.features).toMatchObject({ hasDeadManSwitch: true, deadManTakesStops: true });
  });
});
