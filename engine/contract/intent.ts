// Bundled into the strategy realm: no Node imports here.

/** What a decision asks for; one a symbol a bar. */
export const ACTIONS = ['hold', 'target', 'limit', 'exit', 'cancel'] as const;
export type Action = (typeof ACTIONS)[number];

/** Longest reason that is kept; a longer one is cut. */
export const REASON_MAX_CHARACTERS = 120;

/**
 * A decision as the engine reads it. One object a symbol is filled again on every bar, so that deciding allocates nothing.
 * A number that was not given is NaN.
 */
export interface Intent {
  action: Action;
  reason: string;
  /** Share of the strategy's equity. */
  weight: number;
  /** Limit price, quote asset. */
  price: number;
  /** Base bars a limit rests; NaN rests until it is replaced or cancelled. */
  expiryBars: number;
  stopLoss: number;
  takeProfit: number;
  trailingStop: number;
  slippageTolerance: number;
  horizonBars: number;
}

export function createIntent(): Intent {
  const none = Number.NaN;
  return {
    action: 'hold',
    reason: '',
    weight: none,
    price: none,
    expiryBars: none,
    stopLoss: none,
    takeProfit: none,
    trailingStop: none,
    slippageTolerance: none,
    horizonBars: none,
  };
}

export function copyIntent(from: Intent, to: Intent): void {
  to.action = from.action;
  to.reason = from.reason;
  if (from.action !== 'target' && from.action !== 'limit') return;
  to.weight = from.weight;
  to.price = from.price;
  to.expiryBars = from.expiryBars;
  to.stopLoss = from.stopLoss;
  to.takeProfit = from.takeProfit;
  to.trailingStop = from.trailingStop;
  to.slippageTolerance = from.slippageTolerance;
  to.horizonBars = from.horizonBars;
}

/** The numbers of an intent, in the order in which they travel. */
export const INTENT_NUMBERS = [
  'weight',
  'price',
  'expiryBars',
  'stopLoss',
  'takeProfit',
  'trailingStop',
  'slippageTolerance',
  'horizonBars',
] as const satisfies readonly (keyof Intent)[];

/**
 * A decision as it is stored and sent, plain JSON. A number that was not given is absent; one that is not finite is null,
 * so that it reaches the check that refuses it.
 */
export interface DecisionRecord {
  readonly symbol: string;
  readonly action: Action;
  readonly reason: string;
  readonly weight?: number | null;
  readonly price?: number | null;
  readonly expiryBars?: number | null;
  readonly stopLoss?: number | null;
  readonly takeProfit?: number | null;
  readonly trailingStop?: number | null;
  readonly slippageTolerance?: number | null;
  readonly horizonBars?: number | null;
}
