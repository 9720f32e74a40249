import Big from 'big.js';
import type { DenialCode } from '#engine/risk/denial.ts';
import type { OrderFacts } from '#engine/risk/order-facts.ts';
import { type DeepPartial, now } from './order-facts.ts';

const big = (value: string | number) => new Big(value);

/** What is just too much, by the check that says so, and what is just enough. */
export const entryCases: readonly (readonly [
  code: DenialCode,
  over: DeepPartial<OrderFacts>,
  within: DeepPartial<OrderFacts> | null,
  value: number | string,
  limit: number | string,
])[] = [
  ['paused', { halt: 'paused' }, null, 'paused', 'active'],
  ['reducing', { halt: 'reducing' }, null, 'reducing', 'active'],
  ['halted', { halt: 'halted' }, null, 'halted', 'active'],
  ['breach', { halt: 'breach' }, null, 'breach', 'active'],
  ['market-inactive', { market: { isActive: false } }, null, 'inactive', 'active'],
  ['undeclared-symbol', { isDeclared: false }, null, 'BTC/USD', 'declared'],
  ['frozen', { frozen: 'the balance is 0.2 short' }, null, 'the balance is 0.2 short', 'explained'],
  ['duplicate-intent', { duplicateOf: 'rabcdefghijklmnopq' }, null, 'rabcdefghijklmnopq', 'none'],
  ['no-protection', { decision: { stop: 1 } }, { decision: { stop: 'none' } }, 1, 'between 0 and 1'],
  ['stale-data', { decision: { closedAt: now - 60_001 } }, { decision: { closedAt: now - 60_000 } }, 60_001, 60_000],
  ['stale-quote', { quote: { time: now - 10_001 } }, { quote: { time: now - 10_000 } }, 10_001, 10_000],
  ['clock-skew', { clock: { offsetMs: -951 } }, { clock: { offsetMs: -950 } }, 1_001, 1_000],
  ['price-collar', { order: { limitPrice: big('101.1') } }, { order: { limitPrice: big('101') } }, '101.1', '101'],
  [
    'price-collar',
    { quote: { bid: big('98.9'), ask: big('99') } },
    { quote: { bid: big('99.4'), ask: big('99.6') } },
    '100.5',
    '99.99',
  ],
  ['no-free-cash', { cash: { reserved: big('298.6') } }, { cash: { reserved: big('298.598') } }, '201.402', '201.4'],
  ['over-order', { order: { quantity: big('3') } }, { exposure: { equity: 670 } }, 301.5, 300],
  ['over-symbol', { exposure: { symbol: 199.5 } }, { exposure: { symbol: 199 } }, 400.5, 400],
  ['over-strategy', { exposure: { strategy: 299.5 } }, { exposure: { strategy: 299 } }, 500.5, 500],
  ['over-gross', { exposure: { gross: 599.5 } }, { exposure: { gross: 599 } }, 800.5, 800],
  ['daily-loss', { standing: { dailyLoss: 0.0501 } }, { standing: { dailyLoss: 0.05 } }, 0.0501, 0.05],
  ['drawdown', { standing: { drawdown: 0.2001 } }, { standing: { drawdown: 0.2 } }, 0.2001, 0.2],
  ['consecutive-losses', { standing: { consecutiveLosses: 3 } }, { standing: { consecutiveLosses: 2 } }, 3, 3],
  ['order-rate', { standing: { orders: 10 } }, { standing: { orders: 9 } }, 11, 10],
  ['turnover', { standing: { traded: 1799.5 } }, { standing: { traded: 1799 } }, 2000.5, 2000],
  [
    'edge-below-cost',
    { decision: { target: 0.009 }, quote: { bid: big('100'), ask: big('100.3') } },
    { decision: { target: 0.0105 }, quote: { bid: big('100'), ask: big('100.3') } },
    0.009 / 0.007,
    1.5,
  ],
  ['stops-in-a-row', { standing: { lockedUntil: { 'stops-in-a-row': now + 1 } } }, null, now + 1, now],
  ['low-profit', { standing: { lockedUntil: { 'low-profit': now + 1 } } }, null, now + 1, now],
  [
    'cooldown',
    { standing: { lockedUntil: { cooldown: now + 1 } } },
    { standing: { lockedUntil: { cooldown: now } } },
    now + 1,
    now,
  ],
];

/** What the market does not take, of purchases and sales alike. */
export const marketCases: readonly (readonly [DenialCode, DeepPartial<OrderFacts>, string, string])[] = [
  ['off-step', { order: { quantity: big('1.999') } }, '1.999', '0.01'],
  ['off-tick', { order: { limitPrice: big('100.05') } }, '100.05', '0.1'],
  ['off-tick', { order: { stopPrice: big('90.01') } }, '90.01', '0.1'],
  ['below-minimum', { order: { quantity: big('0.04') } }, '0.04', '0.05'],
  ['below-notional', { order: { quantity: big('0.05'), limitPrice: big('99') } }, '4.95', '5'],
  ['above-maximum', { market: { maxQuantity: big('1.99') } }, '2', '1.99'],
];
