import { z } from 'zod';
import { canonicalJson, digestOfJson } from '#engine/attestation/canonical.ts';
import { resample } from '#engine/candles/resample.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { CandleColumns, Dataset } from '#engine/candles/types.ts';
import { ACTIONS } from '#engine/contract/intent.ts';
import { RatchetError } from '#engine/errors.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { Sandbox } from '#engine/sandbox/sandbox.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import { resolveParameters } from './host/definition.ts';
import { type LoopOptions, type LoopResult, runLoop } from './loop.ts';
import { TradeRows } from './loop-codec.ts';
import { buyAndHold } from './metrics/buy-and-hold.ts';
import { metricsOf } from './metrics/metrics-of.ts';
import { resultIdOf } from './result-id.ts';
import {
  arraysOf,
  judge,
  type ProcessOptions,
  Reason,
  refusedAnswer,
  requireTimeframe,
  type StrategyDescription,
  startStrategy,
} from './strategy-process.ts';
import { TapeSource } from './tape.ts';
import type { BacktestRequest, BacktestResult } from './types.ts';

const Count = z.number().int().nonnegative();

const Measured = z.strictObject({
  firstTime: z.number(),
  bars: Count,
  instants: Count,
  investedInstants: Count,
  maxDrawdown: z.number().min(0).max(1),
  maxDrawdownBars: Count,
  equitySum: z.number(),
  turnover: z.number().nonnegative(),
  fees: z.number().nonnegative(),
  decisions: z.array(z.strictObject({ action: z.enum(ACTIONS), reason: Reason, count: Count })).max(2000),
  texts: z.array(Reason),
});

export interface RunOptions {
  /**
   * Run again with the state sent through JSON after every decision, then make the simulation again in this process from the intents
   * alone, and demand the same numbers. Evidence and gates do; a search may leave it out for its many trials.
   */
  readonly verify?: boolean;
  /** Told of every decision that asked for something, in order, at the open time of its bar, as the verified tape has it. Needs `verify`. */
  readonly onIntent?: LoopOptions['onIntent'];
  readonly timeoutMs?: number;
}

interface Answer {
  readonly measured: Omit<LoopResult, 'trades'>;
  readonly rows: TradeRows;
  readonly tape: Float64Array;
  readonly texts: readonly string[];
}

/** Starts a sandbox process for a checked artifact. The caller closes it. */
export async function openBacktester(artifact: StrategyArtifact, options: ProcessOptions = {}): Promise<Backtester> {
  const { sandbox, description } = await startStrategy(artifact, options);
  return new Backtester(artifact, sandbox, description);
}

/** One strategy in one sandbox process, with candles that stay there from run to run. Runs are answered one after the other. */
export class Backtester {
  readonly #artifact: StrategyArtifact;
  readonly #sandbox: Sandbox;
  readonly #description: StrategyDescription;
  #dataset: Dataset | null = null;
  #series: readonly CandleColumns[] = [];

  constructor(artifact: StrategyArtifact, sandbox: Sandbox, description: StrategyDescription) {
    this.#artifact = artifact;
    this.#sandbox = sandbox;
    this.#description = description;
  }

  describe(): StrategyDescription {
    return this.#description;
  }

  /** @throws RatchetError `backtest/parameters` for a name the strategy does not have or a value outside its range */
  checkParameters(given: Readonly<Record<string, number>>): void {
    this.fillParameters(given);
  }

  /** The values a run would use: those given, snapped to their grid, and the defaults of the rest. Throws as `checkParameters` does. */
  fillParameters(given: Readonly<Record<string, number>>): Record<string, number> {
    try {
      return { ...resolveParameters(this.#description.parameters, given) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new RatchetError('backtest/parameters', message, 'Look at the ranges the strategy declares.', { given });
    }
  }

  /**
   * Hands the candles to the process, resampled where they are finer than the strategy's timeframe.
   * @param columns by symbol, as the dataset's entries describe them; symbols the strategy does not declare are left out
   * @throws RatchetError `backtest/symbol` or `backtest/timeframe` when the dataset cannot serve the strategy
   */
  async useDataset(dataset: Dataset, columns: ReadonlyMap<string, CandleColumns>): Promise<void> {
    const series = seriesFor(this.#description, dataset, columns);
    await this.#sandbox.call('candles', null, arraysOf(series));
    this.#dataset = dataset;
    this.#series = series;
  }

  /** @throws RatchetError when the strategy fails, overruns its deadline, or, with `verify`, cannot be believed */
  async run(request: BacktestRequest, options: RunOptions = {}): Promise<BacktestResult> {
    this.#requireMatch(request);
    const parameters = this.fillParameters(request.parameters);
    const isVerified = options.verify === true;
    const answer = await this.#ask(request, parameters, isVerified, false, options.timeoutMs);
    if (isVerified) await this.#verify(request, parameters, answer, options);
    return toResult({ ...request, parameters }, answer, this.#heldValue(request, answer.measured.equity.time));
  }

  async close(): Promise<void> {
    await this.#sandbox.close();
  }

  async #ask(
    request: BacktestRequest,
    parameters: Record<string, number>,
    withTape: boolean,
    roundTripState: boolean,
    timeoutMs: number | undefined,
  ): Promise<Answer> {
    const { capital, delayBars, span } = request;
    const input = {
      parameters,
      span: { ...span },
      markets: this.#markets(request),
      capital,
      delayBars,
      withTape,
      roundTripState,
    };
    const { output, arrays } = await this.#sandbox.call('backtest', input, [], timeoutMs === undefined ? {} : { timeoutMs });
    const { texts, ...measured } = judge(Measured, output, 'backtest');
    if (arrays.length !== 4) throw refusedAnswer('four arrays were expected');
    const [numbers, time, value, tape] = arrays as [Float64Array, Float64Array, Float64Array, Float64Array];
    if (time.length !== value.length || !time.every(Number.isFinite) || !value.every(Number.isFinite)) {
      throw refusedAnswer('the equity curve is not one');
    }
    const rows = decoded(() => new TradeRows(numbers, this.#description.symbols, texts));
    return { measured: { ...measured, equity: { time: Array.from(time), value: Array.from(value) } }, rows, tape, texts };
  }

  async #verify(
    request: BacktestRequest,
    parameters: Record<string, number>,
    answer: Answer,
    { timeoutMs, onIntent }: RunOptions,
  ): Promise<void> {
    if (this.#description.stateVersion !== null) {
      const again = await this.#ask(request, parameters, true, true, timeoutMs);
      if (!sameNumbers(again.tape, answer.tape)) {
        throw new RatchetError(
          'backtest/state',
          'The strategy decides differently when its state goes through JSON after every bar, as a restart would make it.',
          'Keep everything that must survive a bar in state, as plain data that is never shared between two places.',
        );
      }
    }
    const { symbols, timeframe } = this.#description;
    const barMs = timeframeMs(timeframe);
    const { capital, delayBars, span } = request;
    const simulation = new Simulation({ symbols, markets: this.#markets(request), capital, barMs, delayBars });
    const source = decoded(() => new TapeSource(answer.tape, answer.texts, symbols.length));
    const replayed = decoded(() => runLoop(source, simulation, this.#series, { span, barMs, onIntent }));
    if (!source.isAtEnd || judged(replayed) !== judged({ ...answer.measured, trades: answer.rows.trades })) {
      throw refusedAnswer('its numbers are not those its own decisions lead to');
    }
  }

  /** What buy-and-hold of the same symbols was worth at these times. */
  #heldValue({ markets, span, capital }: BacktestRequest, times: readonly number[]): readonly number[] {
    const bySymbol = new Map(this.#description.symbols.map((symbol, index) => [symbol, this.#series[index]!]));
    return buyAndHold(bySymbol, markets, span, capital, times).value;
  }

  #markets(request: BacktestRequest): Record<string, BacktestRequest['markets'][string] & Record<string, number>> {
    const markets: Record<string, BacktestRequest['markets'][string] & Record<string, number>> = {};
    for (const symbol of this.#description.symbols) {
      const rules = request.markets[symbol];
      if (rules === undefined) {
        throw new RatchetError(
          'backtest/market',
          `There are no market rules for ${symbol}.`,
          'Name fees, tick and step of every symbol.',
          {
            symbol,
          },
        );
      }
      markets[symbol] = { ...rules };
    }
    return markets;
  }

  #requireMatch(request: BacktestRequest): void {
    if (request.artifact !== this.#artifact.digest) {
      throw new RatchetError(
        'backtest/artifact',
        `This sandbox runs ${this.#artifact.digest}, not ${request.artifact}.`,
        'Open another.',
      );
    }
    if (request.dataset.digest === this.#dataset?.digest) return;
    throw new RatchetError(
      'backtest/dataset',
      `The sandbox holds ${this.#dataset?.digest ?? 'no dataset'}, not ${request.dataset.digest}.`,
      'Hand in the dataset with useDataset first.',
    );
  }
}

/**
 * The columns a strategy runs over, one a declared symbol, resampled where the dataset's are finer.
 * @throws RatchetError as `useDataset` does
 */
export function seriesFor(
  { symbols, timeframe }: Pick<StrategyDescription, 'symbols' | 'timeframe'>,
  dataset: Dataset,
  columns: ReadonlyMap<string, CandleColumns>,
): CandleColumns[] {
  return symbols.map((symbol) => {
    const entry = dataset.entries.find((item) => item.symbol === symbol);
    const found = columns.get(symbol);
    if (entry === undefined || found === undefined) throw noSymbol(symbol, dataset);
    requireTimeframe(symbol, entry.timeframe, timeframe);
    return entry.timeframe === timeframe ? found : resample(found, entry.timeframe, timeframe);
  });
}

function toResult(request: BacktestRequest, { measured, rows }: Answer, benchmark: readonly number[]): BacktestResult {
  const { equity, decisions } = measured;
  const metrics = metricsOf(measured, rows.figures(), request.capital, benchmark);
  let resultDigest: string | undefined;
  return {
    resultId: resultIdOf(request),
    /** Computed when it is asked for: it takes as long as the run itself, and a search of a thousand runs asks for few. */
    get resultDigest() {
      resultDigest ??= digestOfJson({ metrics, trades: rows.trades, equity, decisions });
      return resultDigest;
    },
    metrics,
    /** Made when they are asked for, for the same reason. */
    get trades() {
      return rows.trades;
    },
    equity,
    decisions,
  };
}

/** Everything of a run that is a number of the engine's; how often holds were decided is the strategy's own talk. */
function judged({ decisions: _said, ...result }: LoopResult): string {
  return canonicalJson(result);
}

function decoded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw refusedAnswer(error.message);
    throw error;
  }
}

/** Equal element by element; NaN, which stands for "not given", equals itself. */
function sameNumbers(left: Float64Array, right: Float64Array): boolean {
  return left.length === right.length && left.every((value, index) => Object.is(value, right[index]));
}

function noSymbol(symbol: string, dataset: Dataset): RatchetError {
  const known = dataset.entries.map((entry) => entry.symbol).join(', ');
  return new RatchetError(
    'backtest/symbol',
    `The dataset has no candles of ${symbol}; it has ${known}.`,
    'Import them, or choose another.',
    {
      symbol,
    },
  );
}
