import { z } from 'zod';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { StrategyId } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { Stage } from '#engine/store/rows.ts';
import { Truth } from '#engine/store/truth/truth.ts';
import { Control } from './control.ts';

/** The file on the state branch by which the engine says, in figures, what runs and how it does. */
export const reportPath = 'report.json';

/** So many lines at most, whatever happened: the report of a full house stays below a megabyte. */
export const reportBounds = {
  strategies: 20,
  positions: 30,
  trades: 20,
  decisions: 20,
  days: 90,
  /** Of any text a strategy or a person wrote. */
  textLength: 200,
} as const;

/** UTC milliseconds. */
const Millis = z.int();
const Text = z.string().max(reportBounds.textLength);
const Share = z.number().min(0).max(1);

export const ReportedPosition = z.strictObject({
  symbol: Text,
  /** Base asset. */
  quantity: z.number().positive(),
  /** Average, fees apart, quote asset. */
  entryPrice: z.number(),
  /** The last close, at which it is valued. */
  price: z.number(),
  /** At that price, before fees, quote asset. */
  unrealisedResult: z.number(),
  /** Where a stop, fixed or trailing, would close it; null without one. */
  stop: z.number().nullable(),
  takeProfit: z.number().nullable(),
  /** Bars of the strategy's own timeframe. */
  barsHeld: z.int(),
});
export type ReportedPosition = z.infer<typeof ReportedPosition>;

export const ReportedTrade = z.strictObject({
  symbol: Text,
  entryTime: Millis,
  exitTime: Millis,
  entryPrice: z.number(),
  exitPrice: z.number(),
  quantity: z.number(),
  /** Entry and exit together, quote asset. */
  fees: z.number(),
  /** After fees, quote asset. */
  netResult: z.number(),
  /** `netResult` as a ratio of what was put in. */
  netReturn: z.number(),
  barsHeld: z.int(),
  entryReason: Text,
  exitReason: Text,
  /** `decision`, `stop`, `take-profit`, `trailing-stop`, `horizon`. */
  exitCause: Text,
});
export type ReportedTrade = z.infer<typeof ReportedTrade>;

export const ReportedDecision = z.strictObject({
  /** Close of the bar it was made on. */
  instant: Millis,
  symbol: Text,
  /** `hold`, `target`, `limit`, `exit`, `cancel`. */
  action: Text,
  reason: Text,
  /** `held`, `accepted`, `shadow`, or `denied:<code>`. */
  outcome: Text,
});
export type ReportedDecision = z.infer<typeof ReportedDecision>;

/** Of the strategy's account since its first bar here, whichever version traded. Nulls where there is nothing to divide by. */
export const Performance = z.strictObject({
  /** Close of the first bar; null before it. */
  since: Millis.nullable(),
  /** Closed ones; what is still held counts in none of the figures on trades. */
  trades: z.int(),
  /** Trades that brought more than their fees. */
  wins: z.int(),
  /** A ratio. */
  winRate: Share.nullable(),
  /** Of closed trades, after fees, quote asset. */
  netResult: z.number(),
  /** Of closed trades, quote asset. */
  fees: z.number(),
  /** Mean net return of a trade, a ratio of what was put in. */
  expectancy: z.number().nullable(),
  /** What winning trades brought over what losing ones cost; null without a losing one. */
  profitFactor: z.number().nullable(),
  /** Deepest fall from the highest equity so far, a ratio of it. */
  maxDrawdown: z.number(),
  /** The fall from the highest equity to the present one, a ratio. */
  drawdownNow: z.number(),
  /** Share of the time in which something was held; null before the first bar. */
  exposure: Share.nullable(),
});
export type Performance = z.infer<typeof Performance>;

export const StrategyReport = z.strictObject({
  /** Checked here, since whoever may write on the state branch may write this file: it is shown where people decide. */
  id: StrategyId,
  stage: Stage,
  tree: z.string(),
  /** The main commit it was loaded from. */
  commit: z.string(),
  /** Wall-clock time. */
  loadedAt: Millis,
  /** Market time of the same, as all other times here: in a replay that is long before. */
  loadedInstant: Millis,
  /** What the account began with, quote asset. */
  capital: z.number(),
  /** Cash and holdings at their last closes. */
  equity: z.number(),
  cash: z.number(),
  positions: z.array(ReportedPosition).max(reportBounds.positions),
  /** How many more are held. */
  positionsOmitted: z.int().min(0),
  performance: Performance,
  /** Of the version that runs, apart from what others did with the account; up to when the engine was last seen. */
  truth: Truth,
  /** Newest last. */
  trades: z.array(ReportedTrade).max(reportBounds.trades),
  /** Newest last. */
  decisions: z.array(ReportedDecision).max(reportBounds.decisions),
  /** How often each denial code stopped something, since the account's first bar. */
  denials: z.record(z.string(), z.int().positive()),
  /** The last equity of each UTC day, `YYYY-MM-DD`, newest last. */
  dailyEquity: z.array(z.tuple([z.iso.date(), z.number()])).max(reportBounds.days),
});
export type StrategyReport = z.infer<typeof StrategyReport>;

/** A limit the engine keeps, and how much of it is taken now; both in `unit`. */
export const RiskUse = z.strictObject({
  /** Stable, for programs: `exposure`, `largest-position`, `drawdown`, `daily-loss`, and of a venue account `account-drawdown`, `account-daily-loss`. */
  code: z.string(),
  /** Whose it is; null for one of the whole engine. */
  strategy: StrategyId.nullable(),
  /** In words, for people. */
  title: z.string(),
  limit: z.number(),
  used: z.number(),
  unit: z.string(),
});
export type RiskUse = z.infer<typeof RiskUse>;

export const EngineReport = z.strictObject({
  schema: z.literal('ratchet/engine-report/1'),
  /** Market time up to which it speaks; null before the first bar. */
  asOf: Millis.nullable(),
  /** The order obeyed at that time. */
  control: Control,
  /** What is loaded, by id. */
  strategies: z.array(StrategyReport).max(reportBounds.strategies),
  /** How many more are loaded. */
  strategiesOmitted: z.int().min(0),
  risk: z.array(RiskUse),
});
export type EngineReport = z.infer<typeof EngineReport>;

export function reportText(report: EngineReport): string {
  return `${canonicalJson(report)}\n`;
}

/** @throws RatchetError `engine/bad-report` when the text is not what an engine publishes */
export function parseReport(text: string): EngineReport {
  try {
    return EngineReport.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new RatchetError(
      'engine/bad-report',
      `${reportPath} cannot be read: ${why}`,
      'The engine writes it again at its next change.',
      {},
      error,
    );
  }
}
