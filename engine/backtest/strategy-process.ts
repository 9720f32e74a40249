import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { dividesTimeframe } from '#engine/candles/timeframe.ts';
import type { CandleColumns } from '#engine/candles/types.ts';
import { REASON_MAX_CHARACTERS } from '#engine/contract/intent.ts';
import { ONE_LINE } from '#engine/contract/one-line.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';
import { PARAMETER_NAME } from './host/definition.ts';

const PROGRAM = fileURLToPath(new URL('./realm.ts', import.meta.url));
/** Evaluating a module and reading its definition: anything longer is a loop. */
const LOAD_TIMEOUT_MS = 10_000;

const BarTimeframe = z.enum(['1m', '5m', '15m', '30m', '1h', '4h', '1d']);

const ParameterRange = z.strictObject({
  default: z.number(),
  min: z.number(),
  max: z.number(),
  step: z.number().positive(),
  description: z.string().max(200).regex(ONE_LINE, 'must be one line without control or hidden characters'),
});

/** What a strategy says of itself before it has seen a bar. */
export const StrategyDescription = z.strictObject({
  symbols: z
    .array(z.string().regex(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/))
    .min(1)
    .max(64),
  timeframe: BarTimeframe,
  /** Timeframes above it that its indicators use, with the default parameters. */
  higherTimeframes: z.array(BarTimeframe),
  /** With the default parameters. */
  warmupBars: z.number().int().nonnegative(),
  parameters: z.record(z.string().regex(PARAMETER_NAME), ParameterRange),
  /** Null when it declares no state. */
  stateVersion: z.number().int().nullable(),
});
export type StrategyDescription = z.infer<typeof StrategyDescription>;

/** It goes as it is to terminals and pull requests. */
export const Reason = z
  .string()
  .min(1)
  .max(REASON_MAX_CHARACTERS)
  .regex(ONE_LINE, 'must be one line without control or hidden characters; write such values out in words or digits');

export interface ProcessOptions {
  readonly memoryMb?: number;
  readonly callTimeoutMs?: number;
}

/** Has what every strategy's process is started with made meanwhile, so that the first one starts as quickly as the next. */
export function prepareStrategies(): void {
  Sandbox.prepare(PROGRAM);
}

/** Starts a sandbox process with the strategy loaded in it. */
export async function startStrategy(
  artifact: StrategyArtifact,
  options: ProcessOptions = {},
): Promise<{ readonly sandbox: Sandbox; readonly description: StrategyDescription }> {
  const sandbox = await Sandbox.start({ program: PROGRAM, ...options });
  try {
    const { output } = await sandbox.call('load', { code: artifact.code }, [], { timeoutMs: LOAD_TIMEOUT_MS });
    return { sandbox, description: judge(StrategyDescription, output, 'description') };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** The fourth wall: what comes back from a strategy's process has this form or does not come in. */
export function judge<T>(schema: z.ZodType<T>, output: unknown, what: string): T {
  const result = schema.safeParse(output);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw refusedAnswer(`${what}: ${issue?.path.join('.')} ${issue?.message}`);
}

export function refusedAnswer(why: string): RatchetError {
  return new RatchetError(
    'backtest/answer',
    `The strategy's process gave an answer that cannot be right (${why}).`,
    'Nothing of it was used; look at the strategy for an attempt to leave its sandbox.',
  );
}

/** Bars of another timeframe cannot serve when they do not add up to the strategy's. */
export function requireTimeframe(symbol: string, given: Timeframe, wanted: Timeframe): void {
  if (dividesTimeframe(given, wanted)) return;
  throw new RatchetError(
    'backtest/timeframe',
    `The dataset has ${given} bars of ${symbol}; the strategy decides on ${wanted} bars.`,
    'Choose a dataset of the same timeframe or of a finer one that divides it.',
    { symbol, given, wanted },
  );
}

/** Six arrays a symbol, in declared order, as the realm's program expects them. */
export function arraysOf(series: readonly CandleColumns[]): Float64Array[] {
  return series.flatMap(({ time, open, high, low, close, volume }) => [time, open, high, low, close, volume]);
}
