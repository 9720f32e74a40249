import { statSync } from 'node:fs';
import { systemClock } from '#engine/clock.ts';
import { ReportComposer } from '#engine/runtime/compose-report.ts';
import { type Control, obeyedControl } from '#engine/runtime/control.ts';
import { readHealth, type ToldHealth } from '#engine/runtime/health.ts';
import { clockIn } from '#engine/runtime/kept-pace.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import type { EngineReport } from '#engine/runtime/report.ts';
import { type EngineStatus, readLocalStatus } from '#engine/runtime/status.ts';
import { storedMarkets } from '#engine/runtime/stored-markets.ts';
import { storePath } from '#engine/store/open-database.ts';
import { RecordPages } from '#engine/store/record-pages.ts';

export interface SourceOptions {
  /** The engine's folder. */
  readonly dir: string;
  /** The bot's, with what models cost. */
  readonly botDir: string;
  /** Wall-clock time, UTC milliseconds. */
  readonly clock: () => number;
}

export interface EngineNow {
  readonly state: 'running' | 'starting' | 'stopped';
  /** What it measures; null while none runs. */
  readonly health: ToldHealth | null;
}

/** What an answer is made of: everything in it is of one moment. */
export interface Look {
  readonly record: RecordPages;
  /** Figures of everything that is loaded; made when asked for, and kept until the record changes. */
  report(): EngineReport;
  readonly control: Control;
  /** What the engine last said; null before it ever did. */
  status(): EngineStatus | null;
  engine(): EngineNow;
  readonly options: SourceOptions;
  readonly now: number;
}

/** Whoever asks meanwhile waits as well: an answer that says so is better than one that comes late. */
const patienceMs = 250;

interface OpenRecord {
  readonly record: RecordPages;
  /** With the markets it was made for. */
  composer: { readonly of: string; readonly value: ReportComposer } | null;
  /** Tells the file from one that takes its place. */
  readonly file: string;
  report: { readonly of: number; readonly value: EngineReport } | null;
}

/** The engine's folder, read only, while the engine runs or not. What has been read of the record is kept, as long as it is that record. */
export class RecordSource {
  readonly #options: SourceOptions;
  #open: OpenRecord | null = null;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** @throws RatchetError `store/…` */
  look<T>(ask: (look: Look) => T): T {
    const open = this.#current();
    const { record } = open;
    const { dir, clock } = this.#options;
    return record.atOnce(() => {
      const control = obeyedControl(record);
      return ask({
        record,
        report: () => reportOf(open, control),
        control,
        status: () => readLocalStatus(dir),
        engine: () => engineIn(dir, clockIn(record, { ...systemClock, now: clock }).now()),
        options: this.#options,
        now: clock(),
      });
    });
  }

  /** Only the record, for those who look often. */
  read<T>(ask: (record: RecordPages) => T): T {
    const { record } = this.#current();
    return record.atOnce(() => ask(record));
  }

  close(): void {
    this.#open?.record.close();
    this.#open = null;
  }

  /** After a restore another file stands there, and what was open is the one it replaced. */
  #current(): OpenRecord {
    const { dir } = this.#options;
    const file = fileAt(dir);
    if (this.#open !== null && (file === null || this.#open.file !== file)) this.close();
    if (this.#open === null) {
      const record = RecordPages.open(dir, patienceMs);
      this.#open = { record, composer: null, file: file ?? '', report: null };
    }
    return this.#open;
  }
}

/** Hundreds of questions about the whole record: one that has not changed is not asked them again. */
function reportOf(open: OpenRecord, control: Control): EngineReport {
  const of = open.record.dataVersion();
  if (open.report?.of !== of) open.report = { of, value: composerOf(open).compose(control) };
  return open.report.value;
}

/** Markets may have been added since. */
function composerOf(open: OpenRecord): ReportComposer {
  const markets = storedMarkets(open.record);
  const of = JSON.stringify(markets);
  if (open.composer?.of !== of) open.composer = { of, value: new ReportComposer(open.record, markets) };
  return open.composer.value;
}

/** @param now by the engine's clock, UTC milliseconds */
function engineIn(dir: string, now: number): EngineNow {
  const holder = lockHolder(dir);
  const state = holder === null ? 'stopped' : holder === 'unknown' ? 'starting' : 'running';
  return { state, health: readHealth(dir, holder, now) };
}

function fileAt(dir: string): string | null {
  const found = statSync(storePath(dir), { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}
