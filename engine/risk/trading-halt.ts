import { z } from 'zod';
import type { HaltState } from './pre-trade.ts';
import type { RiskLedger } from './risk-ledger.ts';
import { standingOf } from './risk-ledger.ts';
import type { TradingLimits } from './trading-limits.ts';

const Common = {
  /** Since when, UTC milliseconds: what lifts it must be later. */
  since: z.int(),
  by: z.string(),
  reason: z.string(),
};

const Active = z.strictObject({ mode: z.literal('active') });
/** Nothing is opened, and what is held goes. */
const Reducing = z.strictObject({ mode: z.literal('reducing'), ...Common });
/** Nothing is opened, and waiting entries are withdrawn; what is held stays with its strategy. */
const Halted = z.strictObject({ mode: z.literal('halted'), cause: z.enum(['person', 'daily-loss', 'drawdown']), ...Common });
const Lasting = z.discriminatedUnion('mode', [Active, Reducing, Halted]);

/** Everything goes at once, and then it is as it was before. */
const Flattening = z.strictObject({ mode: z.literal('flattening'), ...Common, afterwards: Lasting });

/**
 * How far the account may act. Plain JSON that is kept with the journal: a restart changes nothing. Exits, protection and cancels pass in
 * every mode.
 */
export const TradingHalt = z.discriminatedUnion('mode', [Active, Reducing, Halted, Flattening]);
export type TradingHalt = z.infer<typeof TradingHalt>;

export const ACTIVE: TradingHalt = { mode: 'active' };

export type HaltEvent =
  /** A limit of the whole account was reached. */
  | { readonly kind: 'breach'; readonly limit: 'daily-loss' | 'drawdown'; readonly at: number; readonly reason: string }
  /** A person orders a mode. */
  | {
      readonly kind: 'said';
      readonly mode: 'active' | 'reducing' | 'halted';
      readonly at: number;
      readonly by: string;
      readonly reason: string;
    }
  | { readonly kind: 'flatten'; readonly at: number; readonly by: string; readonly reason: string }
  /** The venue was asked: no order of ours is open, and nothing is held that could be sold. @param at when the question was sent */
  | { readonly kind: 'confirmed-closed'; readonly at: number };

/**
 * The halt after an event. What holds back more is never lifted by a machine, with one exception: a flatten ends once its positions
 * are confirmed closed, by a question that was asked after it had begun. A person's word that is older than the halt lifts nothing.
 */
export function haltAfter(halt: TradingHalt, event: HaltEvent): TradingHalt {
  switch (event.kind) {
    case 'breach': {
      const breach = { mode: 'halted', cause: event.limit, since: event.at, by: 'ratchet', reason: event.reason } as const;
      if (halt.mode === 'active') return breach;
      // It stands behind the flatten and outlives it.
      return halt.mode === 'flattening' && halt.afterwards.mode === 'active' ? { ...halt, afterwards: breach } : halt;
    }
    case 'said':
      return haltSaid(halt, event);
    case 'flatten': {
      if (halt.mode === 'flattening') return halt;
      const { at, by, reason } = event;
      return { mode: 'flattening', since: at, by, reason, afterwards: halt };
    }
    case 'confirmed-closed':
      return halt.mode === 'flattening' && event.at > halt.since ? halt.afterwards : halt;
  }
}

function haltSaid(halt: TradingHalt, { mode, at, by, reason }: Extract<HaltEvent, { kind: 'said' }>): TradingHalt {
  if (mode === 'active') return halt.mode === 'active' || at > lastCause(halt) ? ACTIVE : halt;
  const said =
    mode === 'reducing'
      ? ({ mode, since: at, by, reason } as const)
      : ({ mode, cause: 'person', since: at, by, reason } as const);
  // What is being sold goes on being sold; the order holds from then on.
  return halt.mode === 'flattening' ? { ...halt, afterwards: said } : said;
}

/** When it was last given a reason to hold back. */
function lastCause(halt: Exclude<TradingHalt, { mode: 'active' }>): number {
  return halt.mode === 'flattening' && halt.afterwards.mode !== 'active'
    ? Math.max(halt.since, halt.afterwards.since)
    : halt.since;
}

/** The limit of the account that its ledger shows as passed; null while none is. Exactly the limit is within it. */
export function breachOf(ledger: RiskLedger, limits: TradingLimits, at: number): Extract<HaltEvent, { kind: 'breach' }> | null {
  if (ledger.equity === null) return null;
  const { drawdown, dailyLoss } = standingOf(ledger, { strategy: '', symbol: '', now: at }, limits);
  const { value, peak, dayOpening } = ledger.equity;
  const money = (from: number) => `from ${from.toFixed(2)} to ${value.toFixed(2)}`;
  if (drawdown > limits.maxDrawdown) {
    const reason = `the account fell by ${percent(drawdown)} of its highest equity (${money(peak)}), ${percent(limits.maxDrawdown)} is allowed`;
    return { kind: 'breach', limit: 'drawdown', at, reason };
  }
  if (dailyLoss > limits.dailyLoss) {
    const reason = `the account lost ${percent(dailyLoss)} in a day (${money(dayOpening)}), ${percent(limits.dailyLoss)} is allowed`;
    return { kind: 'breach', limit: 'daily-loss', at, reason };
  }
  return null;
}

/** What an order is judged by. */
export function haltStateOf({ mode }: TradingHalt): HaltState {
  return mode === 'flattening' ? 'halted' : mode;
}

const strictness: readonly HaltState[] = ['active', 'paused', 'breach', 'halted', 'reducing'];

/** Of what a person orders, what a version has done and what the account says, the one that holds back most. */
export function strictest(states: readonly HaltState[]): HaltState {
  return strictness[Math.max(0, ...states.map((state) => strictness.indexOf(state)))]!;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(4))}%`;
}
