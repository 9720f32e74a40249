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
  'no-free-cash': 'The free cash, after reservations and costs, does not buy the smallest order.',
  'exit-in-progress': 'A protective exit is still being filled.',
  'slippage-tolerance': "The fill would be worse than the decision's close by more than the tolerance.",
  expired: 'The limit was not traded through before it expired.',
  withdrawn: 'The position was closed, or entries were halted, before the order filled.',
  'stale-data': 'The newest closed bar is older than allowed.',
  paused: 'Trading is paused: no new entries; exits pass.',
  reducing: 'Entries are stopped; positions may only shrink.',
  halted: 'Trading is halted; only exits pass.',
  breach: 'The version has reached a limit of its stage: no new entries; exits pass.',
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
