import type { DecisionRecord } from '#engine/contract/intent.ts';
import { explain } from '#engine/errors.ts';
import type { FeedSeries } from '#engine/feeds/feed.ts';
import type { PositionView } from '#engine/simulation/types.ts';
import type { BarGroup } from './bar-builder.ts';
import { isInterruption } from './ending.ts';
import type { LoadedVersion, LoadVersion } from './loaded-version.ts';
import type { SlotMemory } from './slot-memory.ts';
import { faultOf, type SlotFault } from './slot-outcome.ts';

/** What a strategy remembers from one process to the next, and how often it has failed. */
type Memory = Pick<SlotMemory, 'state' | 'restartsLeft' | 'heldReason'>;

const atFirst: Memory = { state: null, restartsLeft: 1, heldReason: null };

/** The version that decides for a strategy: started again once when it fails, held when it fails again. None decides where there is none. */
export class VersionAtWork {
  readonly #series: readonly FeedSeries[];
  readonly #load: LoadVersion;
  #version: LoadedVersion | null = null;
  #memory: Memory = atFirst;
  /** Why what ran before could not be started this time; the next start tries again. */
  #unstarted: string | null = null;
  #leaving: Promise<void> | null = null;
  #isClosed = false;

  constructor(series: readonly FeedSeries[], load: LoadVersion) {
    this.#series = series;
    this.#load = load;
  }

  get version(): LoadedVersion | null {
    return this.#version;
  }

  /** What a restart needs, and the next version takes over: the state after the last bar it decided on without fault. */
  get memory(): Memory {
    return this.#memory;
  }

  /** Why it does not decide; null when it does. */
  get heldReason(): string | null {
    return this.#unstarted ?? this.#memory.heldReason;
  }

  /** Goes on where the record stopped. @param unstarted why there is no version although one ran */
  resume(version: LoadedVersion | null, memory: Memory, unstarted: string | null = null): void {
    this.#version = version;
    this.#memory = memory;
    this.#unstarted = unstarted;
  }

  /** Another version takes over, which has decided once. */
  async replace(version: LoadedVersion, state: Memory['state']): Promise<void> {
    await this.#version?.live.close();
    this.#version = version;
    this.#memory = { ...atFirst, state };
    this.#unstarted = null;
  }

  /**
   * Decides on the bars of what it trades. What it does wrong is added to `faults`; it has not decided then.
   * @throws RatchetError `engine/interrupted`: nothing of it may be recorded
   */
  async decide(group: BarGroup, positions: readonly PositionView[], faults: SlotFault[]): Promise<readonly DecisionRecord[]> {
    const version = this.#version;
    if (version === null || this.#memory.heldReason !== null) return [];
    const bars = group.bars.filter(({ symbol }) => version.symbols.includes(symbol));
    if (bars.length === 0) return [];
    try {
      const { decisions, state } = await version.live.step({ bars, positions });
      this.#memory = { ...this.#memory, state };
      return decisions;
    } catch (error) {
      if (isInterruption(error)) throw error;
      faults.push(faultOf(version, error));
      await this.#restartOrHold(version, group.time + version.barMs, error, faults);
      return [];
    }
  }

  /** A version as it would be had it been started with what is remembered now. @param until market time up to which it knows the bars */
  reload({ candidate }: LoadedVersion, anchor: number, until: number): Promise<LoadedVersion> {
    return this.#load({ candidate, series: this.#series, anchor, until, state: this.#memory.state, quote: null });
  }

  /** It decides no longer; what it remembered stays for a version that may come. `close` waits for the end of its process. */
  leave(): void {
    this.#leaving = this.#version?.live.close() ?? null;
    this.#version = null;
    this.#memory = { ...this.#memory, heldReason: null };
    this.#unstarted = null;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([this.#leaving, this.#version?.live.close()]);
  }

  /** Once, from the state before the bar that went wrong; after that the strategy is held, and only its protection works. */
  async #restartOrHold(version: LoadedVersion, until: number, error: unknown, faults: SlotFault[]): Promise<void> {
    await version.live.close();
    if (this.#isClosed) return;
    if (this.#memory.restartsLeft > 0) {
      this.#memory = { ...this.#memory, restartsLeft: this.#memory.restartsLeft - 1 };
      try {
        this.#version = await this.reload(version, version.anchor, until);
        // Nobody else would end a process that began meanwhile.
        if (this.#isClosed) await this.#version.live.close();
        return;
      } catch (again) {
        if (isInterruption(again)) throw again;
        faults.push(faultOf(version, again));
      }
    }
    this.#memory = { ...this.#memory, heldReason: `it failed again after a restart: ${explain(error)}` };
  }
}
