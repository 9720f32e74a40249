import { z } from 'zod';
import type { CandleColumns } from '#engine/candles/types.ts';
import { ACTIONS, type DecisionRecord } from '#engine/contract/intent.ts';
import type { StrategyArtifact } from '#engine/sandbox/artifact.ts';
import type { Json } from '#engine/sandbox/realm-api.ts';
import type { Sandbox } from '#engine/sandbox/sandbox.ts';
import type { ClosedBar, PositionView } from '#engine/simulation/types.ts';
import {
  arraysOf,
  judge,
  type ProcessOptions,
  Reason,
  refusedAnswer,
  type StrategyDescription,
  startStrategy,
} from './strategy-process.ts';

/** A decision that takes longer is a loop: the process is killed and the strategy degraded. */
const DECISION_TIMEOUT_MS = 5_000;
const WARMUP_TIMEOUT_MS = 30_000;

const PlainJson = z.json();

/** State a strategy carries from one process to the next, as it is stored. */
export const StoredState = z.strictObject({
  schema: z.literal('ratchet/strategy-state/1'),
  version: z.number().int().nullable(),
  symbols: z.record(z.string(), PlainJson),
});
export type StoredState = z.infer<typeof StoredState>;

const MaybeNumber = z.number().nullable().optional();

/** A decision as a strategy's process reports it. What it asks for is judged by risk, in `Simulation.submit`. */
export const StoredDecision = z.strictObject({
  symbol: z.string(),
  action: z.enum(ACTIONS),
  reason: Reason,
  weight: MaybeNumber,
  price: MaybeNumber,
  expiryBars: MaybeNumber,
  stopLoss: MaybeNumber,
  takeProfit: MaybeNumber,
  trailingStop: MaybeNumber,
  slippageTolerance: MaybeNumber,
  horizonBars: MaybeNumber,
});

const Begun = z.strictObject({ state: z.enum(['kept', 'migrated', 'fresh']), warm: z.array(z.boolean()) });
const Decided = z.strictObject({ decisions: z.array(StoredDecision).max(64) });
const Stepped = Decided.extend({ state: StoredState });

export interface LiveStart {
  readonly parameters: Readonly<Record<string, number>>;
  /** Of an earlier process, perhaps of an older version; null starts afresh. */
  readonly state: StoredState | null;
  /** Closed bars by symbol, oldest first, the last one the newest there is. With `since`, the `warmupBars` before it and all later ones are taken; without, the last `warmupBars`. */
  readonly history: ReadonlyMap<string, CandleColumns>;
  /** Open time of the bar the run once began with, when this goes on with a run: the indicators are then those of the run, to the last bit. */
  readonly since?: number;
}

export interface LiveEvent {
  /** All bars that closed at one instant. */
  readonly bars: readonly ClosedBar[];
  /** After the bars have filled what waited: `simulation.positions()`. */
  readonly positions: readonly PositionView[];
}

/** A strategy at work in its sandbox process, one event at a time. See `Simulation` for the whole step. */
export class LiveStrategy {
  readonly description: StrategyDescription;
  /** What became of the state handed in. */
  readonly stateFate: 'kept' | 'migrated' | 'fresh';
  readonly #sandbox: Sandbox;

  /** Starts a process, loads the artifact, warms it up and puts the state back. Nothing is left running when it fails. */
  static async start(artifact: StrategyArtifact, start: LiveStart, options: ProcessOptions = {}): Promise<LiveStrategy> {
    const { sandbox, description } = await startStrategy(artifact, { callTimeoutMs: DECISION_TIMEOUT_MS, ...options });
    try {
      const series = description.symbols.map((symbol) => start.history.get(symbol) ?? noBars());
      const input = { parameters: { ...start.parameters }, state: start.state as unknown as Json, since: start.since ?? null };
      const { output } = await sandbox.call('begin', input, arraysOf(series), { timeoutMs: WARMUP_TIMEOUT_MS });
      return new LiveStrategy(sandbox, description, judge(Begun, output, 'begin').state);
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  private constructor(sandbox: Sandbox, description: StrategyDescription, stateFate: LiveStrategy['stateFate']) {
    this.#sandbox = sandbox;
    this.description = description;
    this.stateFate = stateFate;
  }

  get isAlive(): boolean {
    return this.#sandbox.isAlive;
  }

  /**
   * One decision, holds included, for every symbol that had a bar and is warm, in declared order.
   * @throws RatchetError `sandbox/strategy-fault`, `sandbox/timeout`, … ; after a fault the strategy has not decided on these bars
   */
  async decide(event: LiveEvent): Promise<DecisionRecord[]> {
    const { decisions } = judge(Decided, await this.#meet(event, false), 'decision');
    return decidedOn(event, decisions);
  }

  /** As `decide`, and the state after the event with it: one question less before an order can leave. */
  async step(event: LiveEvent): Promise<{ readonly decisions: DecisionRecord[]; readonly state: StoredState }> {
    const { decisions, state } = judge(Stepped, await this.#meet(event, true), 'decision');
    return { decisions: decidedOn(event, decisions), state };
  }

  async #meet({ bars, positions }: LiveEvent, withState: boolean): Promise<Json> {
    const input = { bars: bars.map((bar) => ({ ...bar })), positions: positions.map((position) => ({ ...position })), withState };
    const { output } = await this.#sandbox.call('event', input);
    return output;
  }

  /** The state after the last event, as plain data with its version. */
  async snapshot(): Promise<StoredState> {
    const { output } = await this.#sandbox.call('snapshot', null);
    return judge(StoredState, output, 'state');
  }

  async close(): Promise<void> {
    await this.#sandbox.close();
  }
}

/** @throws RatchetError `backtest/answer` for a decision on what had no bar, or a second one */
function decidedOn({ bars }: LiveEvent, decisions: readonly z.infer<typeof StoredDecision>[]): DecisionRecord[] {
  const seen = new Set(bars.map(({ symbol }) => symbol));
  for (const { symbol } of decisions) {
    if (!seen.delete(symbol)) throw refusedAnswer(`it decided on ${symbol}, which had no bar, or twice`);
  }
  return decisions as DecisionRecord[];
}

function noBars(): CandleColumns {
  const none = (): Float64Array => new Float64Array(0);
  return { time: none(), open: none(), high: none(), low: none(), close: none(), volume: none() };
}
