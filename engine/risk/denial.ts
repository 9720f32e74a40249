// Bundled into the strategy realm: no Node imports here.

/** Why an intent did not become an order, or an order ended without a fill. A closed list: reports and policies count by code. */
export const DENIALS = {
  'undeclared-symbol': 'The strategy does not declare this symbol.',
  'not-finite': 'A number of the intent is not finite.',
  'weight-out-of-bounds': 'The weight is not between 0 and 1.',
  'price-out-of-bounds': 'The limit price is not above zero.',
  'protection-out-of-bounds': 'A protective distance, horizon or expiry is outside its bounds.',
  'no-position': 'There is no position to close and no order to withdraw.',
  'no-change': 'The position already has this weight, to within one step of the market.',
  'below-minimum': 'The order is smaller than the market accepts.',
  'no-free-cash': 'The free cash, after reservations and costs, does not pay for the order.',
  'exit-in-progress': 'A protective exit is still being filled.',
  'slippage-tolerance': "The fill would be worse than the decision's close by more than the tolerance.",
  expired: 'The limit was not traded through before it expired.',
  withdrawn: 'The position was closed, or entries were halted, before the order filled.',
  'stale-data': 'The newest closed bar is older than allowed.',
  paused: 'Trading is paused: no new entries; exits pass.',
  reducing: 'Entries are stopped; positions may only shrink.',
  halted: 'Trading is halted; only exits pass.',
  breach: 'The version has reached a limit of its stage: no new entries; exits pass.',
  'live-not-allowed': 'The policy does not allow this stage to trade with money.',
  'market-inactive': 'The venue does not trade this market now.',
  frozen: 'Reconciliation found something about this symbol that it cannot explain; a person must look.',
  'off-step': "The quantity is no multiple of the market's step.",
  'off-tick': "A price is no multiple of the market's tick.",
  'below-notional': 'The order is worth less than the market accepts.',
  'above-maximum': 'The order is larger than the market accepts.',
  'more-than-held': 'The sale is larger than what the strategy holds.',
  'price-collar': "The price is further above the best ask, or above the decision's close, than the collar allows.",
  'over-order': 'The order is worth more than one order may be.',
  'over-symbol': 'With this order all strategies together would hold more of the symbol than allowed.',
  'over-gross': 'With this order the whole account would hold more than allowed.',
  'over-strategy': 'With this order the strategy would hold more than allowed.',
  'daily-loss': 'The account has lost more today than a day may cost.',
  drawdown: 'The account has fallen further from its highest equity than allowed.',
  'consecutive-losses': 'The strategy has lost as many trades in a row as it may.',
  'order-rate': 'As many orders as allowed were sent within the window.',
  turnover: 'With this order more would be traded within the window than allowed.',
  'edge-below-cost': 'The target is too near to pay for spread and fees.',
  'stale-quote': 'The best bid and ask are older than allowed.',
  'clock-skew': "Our clock and the venue's differ by more than allowed.",
  'venue-balance': 'The venue says that the account does not pay for the order.',
  'venue-refused': 'The venue did not take the order: it refused it, or could not be reached.',
  'duplicate-intent': 'The same decision has an order already.',
  'no-protection': 'The entry has no stop that could rest at the venue.',
  'stops-in-a-row': 'The symbol was stopped out several times in a row; it is locked for a while.',
  'low-profit': 'The symbol earned too little lately; it is locked for a while.',
  cooldown: 'A position in the symbol has just been closed.',
} as const;

export type DenialCode = keyof typeof DENIALS;

/** A denial as it is recorded. */
export interface Denial {
  /** When it was denied, UTC milliseconds. */
  readonly time: number;
  readonly symbol: string;
  readonly code: DenialCode;
  readonly reason: string;
}
