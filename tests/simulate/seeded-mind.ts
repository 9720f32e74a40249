import type { LiveEvent, StoredState } from '#engine/backtest/live-strategy.ts';
import { timeframeMs } from '#engine/candles/timeframe.ts';
import { sleep } from '#engine/clock.ts';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { RatchetError } from '#engine/errors.ts';
import type { LoadedVersion } from '#engine/runtime/loaded-version.ts';
import { Dice } from './dice.ts';
import type { SimulatedVersion } from './draw-version.ts';
import type { Life } from './life.ts';
import { decide } from './random-strategist.ts';

/** What it has come to know of one symbol, and must not forget. */
interface Memory {
  /** How often it has decided on it. */
  readonly decisions: number;
  /** Close of the bar it decided on last. */
  readonly last: number;
}

export interface SeededMindOptions {
  readonly seed: number;
  readonly version: SimulatedVersion;
  readonly state: StoredState | null;
  readonly life: Life;
  /** From then on it only holds, by the world's clock. */
  readonly isOver: () => boolean;
  /** It has met a bar that it had decided on before, or one from before that. */
  readonly onRepeated: (what: string) => void;
}

/** A strategy that decides by the dice of its seed, and of what it remembers: the same state and bars make the same decision. */
export class SeededMind implements Pick<LoadedVersion['live'], keyof LoadedVersion['live']> {
  readonly stateFate: LoadedVersion['live']['stateFate'];
  readonly #options: SeededMindOptions;
  readonly #memory: Map<string, Memory>;
  #isClosed = false;

  constructor(options: SeededMindOptions) {
    const { state } = options;
    this.#options = options;
    this.stateFate = state === null ? 'fresh' : 'kept';
    this.#memory = new Map(Object.entries(state?.symbols ?? {}) as unknown as [string, Memory][]);
  }

  async step({ bars, positions }: LiveEvent): Promise<{ decisions: DecisionRecord[]; state: StoredState }> {
    const { seed, version, life, isOver, onRepeated } = this.#options;
    const { strategy, tree, weakness, faultRate, slowShare } = version;
    const barMs = timeframeMs(version.timeframe);
    life.gate(`before ${strategy} decides`);
    if (this.#isClosed) throw fault('it was closed');
    const known = bars.map(({ symbol }) => this.#memory.get(symbol) ?? { decisions: 0, last: Number.NEGATIVE_INFINITY });
    const dice = new Dice(seed, `${tree} at ${bars[0]!.time} after ${known.map(({ decisions }) => decisions).join()}`);
    if (dice.chance(slowShare)) await sleep(life.clock, dice.magnitude(5, 4_000));
    if (weakness === 'fails its trial' || (!isOver() && dice.chance(faultRate))) throw fault('it threw');
    const decisions = bars.map((bar, index): DecisionRecord => {
      const { last } = known[index]!;
      if (bar.time + barMs <= last)
        onRepeated(`${strategy} decides on the bar of ${bar.symbol} that closed at ${bar.time + barMs} after ${last}.`);
      const held = positions.find(({ symbol }) => symbol === bar.symbol);
      if (isOver()) return { symbol: bar.symbol, action: 'hold', reason: 'the run ends' };
      return decide(dice, version.temper, bar, held);
    });
    bars.forEach(({ symbol, time }, index) => {
      this.#memory.set(symbol, { decisions: known[index]!.decisions + 1, last: time + barMs });
    });
    life.gate(`after ${strategy} has decided`);
    return { decisions, state: this.#state() };
  }

  #state(): StoredState {
    const symbols = Object.fromEntries([...this.#memory].map(([symbol, memory]) => [symbol, { ...memory }]));
    return { schema: 'ratchet/strategy-state/1', version: null, symbols };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

function fault(what: string): RatchetError {
  return new RatchetError('sandbox/strategy-fault', `The strategy failed: ${what}.`, 'Look at it.');
}
