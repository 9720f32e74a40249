import { renameSync, writeFileSync } from 'node:fs';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import { ReportComposer } from './compose-report.ts';
import type { Control } from './control.ts';
import { enginePaths } from './options.ts';
import { type EngineReport, reportText } from './report.ts';
import type { SlotOutcome } from './slot-outcome.ts';

const dayMs = 86_400_000;

export interface ReportKeeperOptions {
  /** The engine's folder. */
  readonly dir: string;
  readonly reader: EngineReader;
  readonly markets: Readonly<Record<string, MarketRules>>;
  /** Wall-clock time, UTC milliseconds. */
  readonly clock: () => number;
  /** No more often than this, unless the status goes out. */
  readonly everyMs: number;
}

/**
 * Decides when there is a report worth giving. News are a fill, a trade, a version that came or went, another order to obey, other
 * limits or one that was reached, a new UTC day; prices that move are none. News wait until `everyMs` have passed on the wall clock since the last report, so that
 * a replay which fills at every bar gives one a minute and not one a bar; a status that goes out takes the newest figures along.
 */
export class ReportKeeper {
  readonly #options: ReportKeeperOptions;
  readonly #composer: ReportComposer;
  /** True at the start: what is on the state branch may be another run's. */
  #hasNews = true;
  #givenAt = Number.NEGATIVE_INFINITY;
  #given: string | null = null;
  #day: number | null = null;

  constructor(options: ReportKeeperOptions) {
    this.#options = options;
    this.#composer = new ReportComposer(options.reader, options.markets);
  }

  /** @param instant market time, UTC milliseconds */
  note(instant: number, outcomes: readonly SlotOutcome[]): void {
    // A close at midnight ends the day before.
    const day = Math.floor((instant - 1) / dayMs);
    if (day !== this.#day || outcomes.some(isNews)) this.#hasNews = true;
    this.#day = day;
  }

  /** The replay has caught up: what was said on the way is old, and the next report does not wait. */
  hurry(): void {
    this.#givenAt = Number.NEGATIVE_INFINITY;
  }

  /** Something the report tells of has changed between two bars. */
  noteChange(): void {
    this.#hasNews = true;
  }

  /** In so many milliseconds there is a report to give; for ever when nothing is new. */
  dueIn(): number {
    if (!this.#hasNews) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#givenAt + this.#options.everyMs - this.#options.clock());
  }

  /**
   * What to publish now, after writing it to the engine's folder; null when it says nothing new or has to wait. Everything up to
   * now must be in the record.
   * @param isAsked a status goes out, and takes it along
   */
  take(control: Control, isAsked: boolean): EngineReport | null {
    if (!isAsked && this.dueIn() > 0) return null;
    const report = this.#composer.compose(control);
    const text = reportText(report);
    this.#hasNews = false;
    if (text === this.#given) return null;
    this.#given = text;
    this.#givenAt = this.#options.clock();
    this.#write(text);
    return report;
  }

  /** Whole or not at all: readers never see half a file. */
  #write(text: string): void {
    const { report: path } = enginePaths(this.#options.dir);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

function isNews({ steps, breached, adopted, rejected, left }: SlotOutcome): boolean {
  if (breached !== null || adopted !== null || rejected !== null || left !== null) return true;
  return steps.some(({ fills, trades }) => fills.length > 0 || trades.length > 0);
}
