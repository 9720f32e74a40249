import { parse } from 'yaml';
import { z } from 'zod';
import { excessOf, Stage } from '#engine/contract/manifest.ts';
import { isTimeZone } from './trading-day.ts';

/** Where main says what a version may lose, by stage: read by the gates before it runs, and by the engine while it does. */
export const RISK_POLICY_PATH = 'policies/risk.yaml';

const Share = z.number().positive().max(1);
const Hours = z
  .number()
  .positive()
  .max(24 * 366);

export const StageLimits = z.strictObject({
  /** Ratio of the highest equity so far: 0.2 is a fifth lost. */
  maxDrawdown: Share,
  /** Ratio of the equity with which the day began. */
  dailyLoss: Share.optional(),
});
export type StageLimits = z.infer<typeof StageLimits>;

/** Whether money may be at stake at all, and how much of it. */
const LivePolicy = z
  .strictObject({
    allowed: z.boolean(),
    /** On the venue account, all strategies together, quote asset. */
    maxCapital: z.number().positive().optional(),
    /** Shares of `maxCapital`, the smallest first: stage canary has the first, stage live the one in force. */
    capitalSteps: z
      .array(Share)
      .min(1)
      .max(20)
      .refine(
        (steps) => steps.every((step, index) => index === 0 || step > steps[index - 1]!),
        'each step is above the one before',
      )
      .optional(),
    /** The step in force for stage live, counted from 1. */
    capitalStep: z.int().min(1).optional(),
  })
  .refine(({ allowed, maxCapital }) => !allowed || maxCapital !== undefined, 'allowed: true needs maxCapital')
  .refine(
    ({ capitalStep = 1, capitalSteps }) => capitalStep <= (capitalSteps ?? DEFAULT_CAPITAL_STEPS).length,
    'there is no such capitalStep',
  );

/** What an order may be, by stage. */
const OrderLimits = z.strictObject({
  maxOrder: Share.optional(),
  maxStrategy: Share.optional(),
  collar: z.number().positive().max(0.5).optional(),
  consecutiveLosses: z.int().min(1).max(1000).optional(),
  minEdgeOverCost: z.number().min(0).max(1000).optional(),
});

/** What holds for all strategies of a venue account together. */
const AccountLimits = z.strictObject({
  maxGross: Share.optional(),
  maxSymbol: Share.optional(),
  dailyLoss: Share.optional(),
  maxDrawdown: Share.optional(),
  orderRate: z.strictObject({ orders: z.int().min(1).max(10_000), minutes: z.number().positive().max(1440) }).optional(),
  turnover: z.strictObject({ ratio: z.number().positive().max(1000), hours: Hours }).optional(),
});

const Freshness = z.strictObject({
  barSeconds: z.number().positive().max(86_400).optional(),
  quoteSeconds: z.number().positive().max(3_600).optional(),
  clockSkewSeconds: z.number().positive().max(60).optional(),
});

const Locks = z.strictObject({
  stops: z.strictObject({ count: z.int().min(1).max(100), lookbackHours: Hours, lockHours: Hours }).optional(),
  lowProfit: z
    .strictObject({
      trades: z.int().min(1).max(100),
      lookbackHours: Hours,
      minReturn: z.number().min(-1).max(1),
      lockHours: Hours,
    })
    .optional(),
  cooldownMinutes: z
    .number()
    .min(0)
    .max(60 * 24 * 30)
    .optional(),
});

/** The shares of `maxCapital` where the file names none. */
export const DEFAULT_CAPITAL_STEPS: readonly number[] = [0.1, 0.25, 0.5, 1];

/** A stage that is not named under `stages` is not stopped by what it loses. What else is left out is as `tradingLimits` has it. */
export const RiskPolicy = z.strictObject({
  stages: z.partialRecord(Stage, StageLimits),
  /** Where the day begins, an IANA name. */
  timeZone: z.string().refine(isTimeZone, 'no such time zone').optional(),
  live: LivePolicy.optional(),
  /** Distance of the stop below the entry where a decision names none, a ratio. */
  defaultStop: z.number().positive().max(0.9).optional(),
  orders: z.partialRecord(Stage, OrderLimits).optional(),
  account: AccountLimits.optional(),
  freshness: Freshness.optional(),
  locks: Locks.optional(),
});
export type RiskPolicy = z.infer<typeof RiskPolicy>;

/** The limits, or in a few words what is wrong with the file; null stands for a file that is missing. */
export function parseRiskPolicy(text: string | null): { readonly policy: RiskPolicy } | { readonly problem: string } {
  if (text === null) return { problem: 'it is missing' };
  const excess = excessOf(text);
  if (excess !== undefined) return { problem: excess };
  let value: unknown;
  try {
    value = parse(text, { stringKeys: true, logLevel: 'error', maxAliasCount: 0 });
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
  const parsed = RiskPolicy.safeParse(value);
  if (parsed.success) return { policy: parsed.data };
  const issue = parsed.error.issues[0]!;
  return { problem: `${issue.path.join('.') || 'the file'}: ${issue.message}` };
}
