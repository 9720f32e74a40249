import { isWithin, sleep, systemClock } from '#engine/clock.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import type { Feed } from '#engine/feeds/feed.ts';
import { GitFailure } from '#engine/repository/git.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { assertRoom, type DiskTrouble, diskTrouble } from '#engine/store/disk-trouble.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { Acceptances } from './acceptances.ts';
import { BarLoop } from './bar-loop.ts';
import { Bell } from './bell.ts';
import { controlPath, orderGivenHere, type Said } from './control.ts';
import { type Ending, isInterruption } from './ending.ts';
import { endedOn, journalBehind } from './engine-end.ts';
import { type EngineParts, type EngineSurroundings, openParts } from './engine-parts.ts';
import type { EngineEvent } from './events.ts';
import { feedProblems } from './feed-problems.ts';
import { HealthKeeper } from './health.ts';
import type { Lock } from './lock.ts';
import { lookAtMain } from './main-look.ts';
import { type EngineOptions, isRehearsal } from './options.ts';
import { realMoneyOf, realMoneyRefusal as whyNoMoney } from './real-money.ts';
import { Reconciler } from './reconciler.ts';
import type { PendingOutcome } from './record.ts';
import { RemoteWatch } from './remote-watch.ts';
import { ReportKeeper } from './report-keeper.ts';
import { RunRecord } from './run-record.ts';
import { readStoredSlot } from './slot-memory.ts';
import { StandingOrders } from './standing-orders.ts';
import { composeStatus, type EngineProblem, type EngineStatus, statusText, writeLocalStatus } from './status.ts';
import type { StrategySlot } from './strategy-slot.ts';
import { TakenNews } from './taken-news.ts';
import type { VenueDesk } from './venue-desk.ts';

/** How often the engine's own folder is looked into for an order. */
const lookHereEveryMs = 500;
/** So long a look for what has come of age may take; the next one goes on there. */
const tiersMsMax = 20;
/** Orders decided on a bar are on their way before anything is composed for readers, which may take a tenth of a second. */
const ordersLeaveMs = 50;
/** How soon a disk that took nothing is tried again. */
const diskEveryMs = 1_000;
/** The live loop: bars in, decisions and fills on disk, versions swapped between bars; on paper and with money alike. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #around: EngineSurroundings;
  readonly #lock: Lock;
  readonly #store: EngineStore;
  readonly #feed: Feed;
  readonly #slots: Map<string, StrategySlot>;
  readonly #newSlot: (id: string, now: number) => StrategySlot;
  readonly #desk: VenueDesk | null;
  readonly #reconciler: Reconciler;
  readonly #state: StateBranch;
  readonly #watch: RemoteWatch;
  readonly #reports: ReportKeeper;
  readonly #health: HealthKeeper;
  readonly #runs: RunRecord;
  readonly #bell = new Bell();
  readonly #ending: Ending;
  readonly #token: { value: string | undefined };
  readonly #bars: BarLoop;
  readonly #news: TakenNews;
  readonly #orders: StandingOrders;
  readonly #acceptances: Acceptances;
  #lookedHereAt = 0;
  #hasCaughtUp = false;
  #hasNews = false;
  #remoteProblem: EngineProblem | null = null;
  #lookProblem: EngineProblem | null = null;
  #diskProblem: EngineProblem | null = null;
  #status: EngineStatus | null = null;

  /**
   * Takes the lock, opens everything on this disk and starts again what ran here before. Waits for no one else.
   * @throws RatchetError `engine/locked`, `engine/no-venue`, `candles/…`, `store/…`, `venue/…`
   */
  static async open(options: EngineOptions, around: EngineSurroundings): Promise<Engine> {
    return new Engine(await openParts(options, around));
  }

  private constructor(parts: EngineParts) {
    this.#options = parts.options;
    this.#around = parts.around;
    this.#lock = parts.lock;
    this.#store = parts.store;
    this.#feed = parts.feed;
    this.#slots = parts.slots;
    this.#newSlot = parts.newSlot;
    this.#ending = parts.ending;
    this.#desk = parts.desk;
    this.#state = parts.state;
    this.#token = parts.token;
    const { repository, state, store, slots, around, feed, desk } = parts;
    const { dir, market, reportEveryMs, catchUpBars, paceMs } = parts.options;
    const { log } = around;
    const clock = around.clock.now;
    this.#news = new TakenNews({
      equity: () => store.equity(),
      log,
      onEvent: (event) => this.#emit(event),
      onTrouble: () => this.#bell.ring(),
    });
    this.#bars = new BarLoop({
      ...{ store, feed, slots, desk: desk?.shares ?? null, catchUpBars, paceMs, clock: around.clock, machine: systemClock },
      now: parts.now,
      onWaiting: () => this.#hearMeanwhile(),
      onTaken: (taken) => this.#noteTaken(taken),
      onCommitted: (time) => {
        this.#news.noteCommitted(time);
        if (desk === null) this.#news.tell();
        else this.#news.tellSoon();
      },
    });
    this.#orders = new StandingOrders({ store, slots, shares: desk?.shares ?? null, clock, log });
    this.#acceptances = new Acceptances({ dir, shares: desk?.shares ?? null, log, onSettled: () => this.#bell.ring() });
    this.#runs = new RunRecord(store, clock);
    this.#health = new HealthKeeper(dir, clock);
    this.#reports = new ReportKeeper({ dir, reader: store, markets: market.markets, clock, everyMs: reportEveryMs });
    const areLimitsKnown = () => this.#orders.limits !== null;
    const realMoneyRefusal = (stage: Stage) => whyNoMoney(stage, realMoneyOf(store, desk?.traded ?? null));
    this.#reconciler = new Reconciler({
      look: (last) => lookAtMain({ repository, state, store, areLimitsKnown, realMoneyRefusal }, last),
      load: parts.load,
      store,
      slots,
      series: feed.series,
      openSlot: (id) => this.#openSlot(id),
      areLimitsKnown,
      obeyLimits: (policy) => {
        if (JSON.stringify(policy) === JSON.stringify(this.#orders.limits)) return;
        this.#reports.noteChange();
        this.#orders.obeyLimits(policy);
      },
      realMoneyRefusal,
      venueQuote: parts.venueQuote,
      now: () => this.#bars.now,
      clock,
      log,
    });
    this.#watch = new RemoteWatch({
      repository,
      state,
      pollMs: parts.options.pollMs,
      publishes: !isRehearsal(parts.options),
      log,
      onNews: () => {
        this.#hasNews = true;
        this.#bell.ring();
      },
      onTrouble: (message) => {
        const reason = `the remote does not answer: ${message}`;
        this.#remoteProblem = message === null ? null : { status: 'OutOfSync', code: 'unreachable', reason };
        this.#bell.ring();
      },
    });
    feed.onNews(() => this.#bell.ring());
  }

  /**
   * Trades until `stop`. For a disk that takes nothing it waits. @throws RatchetError `engine/disk-…` when it begins or ends on such a disk;
   * whatever else keeps it from going on: a store that refuses
   */
  async run(): Promise<void> {
    try {
      this.#runs.begin();
      this.#emit({ kind: 'started', pid: process.pid, time: this.#store.lastFeedTime() });
      this.#tell();
      this.#watch.start();
      this.#desk?.start();
      while (!this.#ending.hasBegun) await this.#turn().catch((error) => this.#giveUpOrWait(error));
      this.#news.tell();
      // What an abandoned instant has changed is in memory alone, and stays there.
      if (!this.#bars.isHalfTaken) this.#bars.keepHoldings();
      this.#runs.end();
      // For readers of its folder; the state branch gets it with the next start.
      this.#reports.take(this.#orders.control, true);
    } catch (error) {
      const trouble = error instanceof RatchetError ? null : diskTrouble(error);
      throw trouble === null ? error : endedOn(this.#options.dir, trouble, error);
    } finally {
      await this.#close();
    }
  }

  /** Ends after the instant under way; `run` then returns. */
  stop(): void {
    this.#ending.begin();
    this.#bell.ring();
  }

  /** A fresh token for the remote; used from the next command on. */
  setToken(token: string): void {
    this.#token.value = token;
  }

  /** Looks at the remote now. */
  poll(): void {
    this.#watch.poll();
  }

  async #turn(): Promise<void> {
    this.#news.tell();
    if (this.#hasNews) await this.#takeNews();
    this.#takeOrderHere();
    if (this.#desk?.isBroken === true) {
      // On a disk that is still full nothing could be opened anew: that is waited for first.
      assertRoom(this.#options.dir);
      throw journalBehind();
    }
    const waitMs = this.#bars.waitMs();
    this.#noteProgress();
    if (waitMs <= 0) {
      if (!(await this.#bars.take())) return;
      if (this.#desk !== null) {
        // Where more is to be made up for, readers wait, and orders do not.
        if (this.#bars.waitMs() <= 0) return;
        await sleep(this.#around.clock, ordersLeaveMs);
      }
      this.#tell();
    } else {
      if (this.#bars.keepHoldings()) this.#reports.noteChange();
      this.#tell();
      this.#runs.note();
      this.#store.keepTiers(this.#options.keep, this.#bars.now, { clock: this.#around.clock.now, ms: tiersMsMax });
      await this.#bell.wait(Math.min(waitMs, this.#reports.dueIn(), lookHereEveryMs));
    }
  }

  /** A strategy's process that ends with this one is waited for no longer: the instant under way is taken anew at the next start. */
  async #giveUpOrWait(error: unknown): Promise<void> {
    if (!isInterruption(error)) return this.#waitForDisk(error);
    this.#around.log.info('The bar under way is abandoned, and taken anew at the next start.');
  }

  /**
   * A disk that is full or may not be written: no bar is taken, so nothing is decided and nothing entered, and what was decided stays in
   * memory until the disk takes it. Then it goes on where it was. Where real orders are journalled on that disk, what is in memory may be
   * ahead of the journal: then it begins anew from what is on disk, and asks the venue first.
   * @throws RatchetError `engine/begin-anew`; the same error when it is another one, or when it is told to stop meanwhile
   */
  async #waitForDisk(error: unknown): Promise<void> {
    let trouble = diskTrouble(error);
    if (trouble === null) throw error;
    while (trouble !== null) {
      this.#noteDisk(trouble, error);
      await this.#bell.wait(diskEveryMs);
      if (this.#ending.hasBegun) throw error;
      try {
        assertRoom(this.#options.dir);
        // What was decided is recorded with its orders or not at all.
        if (this.#desk === null) this.#bars.commit();
        trouble = null;
      } catch (again) {
        trouble = diskTrouble(again);
        if (trouble === null) throw again;
      }
    }
    if (this.#desk !== null || this.#bars.isHalfTaken) throw journalBehind(error);
    this.#diskProblem = null;
    this.#around.log.info('The disk takes what is written again: the engine goes on.');
    // What was under way when it failed is looked at anew.
    this.#hasNews = true;
  }

  /** To whoever listens: on this disk it cannot be written. */
  #noteDisk(trouble: DiskTrouble, error: unknown): void {
    const reason = `the disk under ${this.#options.dir} is ${trouble}: nothing is decided until it takes what is written (${explain(error)})`;
    if (this.#diskProblem?.reason === reason) return;
    this.#diskProblem = { status: 'Degraded', code: `disk-${trouble}`, reason };
    this.#around.log.error({ trouble, error: explain(error) }, 'The disk takes nothing: no bar is taken until it does.');
    this.#emit({ kind: 'status', status: this.#compose() });
  }

  #noteTaken({ instant, outcomes }: PendingOutcome): void {
    this.#reports.note(
      instant.time,
      outcomes.map(({ outcome }) => outcome),
    );
    for (const { slot, outcome } of outcomes) {
      for (const { code, message } of outcome.faults) {
        this.#news.addFault({ strategy: slot.id, code, message });
      }
      if (outcome.rejected !== null) this.#reconciler.noteRejected(slot.id, outcome.rejected);
      if (outcome.breached !== null) this.#orders.warnOfBreach(slot.id, outcome.breached);
    }
  }

  async #takeNews(): Promise<void> {
    this.#hasNews = false;
    // A slot that goes away or changes hands does so on top of a record that is complete.
    this.#bars.commit();
    try {
      this.#orders.hear('branch', await this.#state.snapshot().readText(controlPath));
      const loading = this.#reconciler.reconcile();
      while (!(await isWithin(systemClock, loading, lookHereEveryMs))) this.#hearMeanwhile();
      this.#lookProblem = null;
    } catch (error) {
      // The record must work; the mirror may fail, and is looked at again.
      if (!(error instanceof RatchetError) && !(error instanceof GitFailure)) throw error;
      this.#around.log.error({ error: explain(error) }, 'Main could not be read.');
      this.#lookProblem = { status: 'OutOfSync', code: 'look-failed', reason: `main could not be read: ${explain(error)}` };
      this.#watch.forget();
    }
    this.#tell();
  }

  /** Orders given on this machine need nobody else. */
  #takeOrderHere(): void {
    this.#lookHere((said) => {
      this.#acceptances.look();
      // An order may end a breach, and that is written on top of a record that is complete.
      this.#bars.commit();
      this.#orders.hear('here', said);
    });
  }

  /** Strategies may take long to decide or to load: who says here that the engine is to hold back does not wait for that. */
  #hearMeanwhile(): void {
    try {
      this.#lookHere((said) => this.#orders.hearStricter('here', said));
    } catch (error) {
      // It is heard again between bars, where a disk that takes nothing is waited for.
      this.#around.log.error({ error: explain(error) }, 'An order that was given here could not be obeyed at once.');
    }
  }

  /** Now and then, however often it is called. */
  #lookHere(take: (said: Said) => void): void {
    const now = this.#around.clock.now();
    if (now - this.#lookedHereAt < lookHereEveryMs) return;
    this.#lookedHereAt = now;
    const before = this.#orders.control;
    take(orderGivenHere(this.#options.dir));
    if (this.#orders.control !== before) this.#tell();
  }

  #openSlot(id: string): StrategySlot {
    const slot = this.#newSlot(id, this.#bars.now);
    const row = this.#store.accounts().find(({ strategy }) => strategy === id);
    if (row !== undefined) slot.resume(readStoredSlot(row), null, null);
    this.#orders.bind(slot);
    this.#slots.set(id, slot);
    return slot;
  }

  #noteProgress(): void {
    if (this.#hasCaughtUp || this.#bars.state === 'waiting' || this.#bars.state === 'catching-up') return;
    this.#bars.commit();
    this.#news.tell();
    this.#hasCaughtUp = true;
    this.#reports.hurry();
    this.#emit({ kind: 'caught-up', time: this.#bars.now });
  }

  /** Says how it is, where that has changed: in its folder, to its parent, and on the state branch. */
  #tell(): void {
    this.#health.note(this.#desk?.health() ?? null, this.#feed.health());
    const { isNew, isUrgent } = this.#tellStatus();
    const report = this.#reports.take(this.#orders.control, isUrgent);
    if (report !== null) this.#watch.offerReport(report);
    if (isNew && this.#reconciler.hasLooked) this.#watch.publish(this.#status!, isUrgent);
  }

  #tellStatus(): { isNew: boolean; isUrgent: boolean } {
    const status = this.#compose();
    const before = this.#status;
    if (before !== null && statusText(before) === statusText(status)) return { isNew: false, isUrgent: false };
    this.#status = status;
    const isSameSync = before?.status === status.status && before.commit === status.commit && before.reason === status.reason;
    if (!isSameSync) {
      this.#store.addSync({
        at: this.#around.clock.now(),
        status: status.status,
        commitHash: status.commit,
        reason: status.reason,
      });
      this.#around.log.info(
        { status: status.status, commit: status.commit, reason: status.reason },
        'The engine says how it is.',
      );
    }
    writeLocalStatus(this.#options.dir, status);
    this.#emit({ kind: 'status', status });
    if (!isSameSync && status.status === 'Synced' && status.commit !== null)
      this.#emit({ kind: 'synced', commit: status.commit });
    return { isNew: true, isUrgent: !isSameSync || before.control !== status.control };
  }

  #compose(): EngineStatus {
    const { problems, commit } = this.#reconciler;
    const own = [this.#remoteProblem, this.#lookProblem, this.#diskProblem].filter((problem) => problem !== null);
    const strategies = this.#reconciler.statuses();
    return composeStatus({
      strategies,
      problems: [
        ...problems,
        ...this.#orders.problems,
        ...own,
        ...feedProblems(this.#feed.health()),
        ...(this.#desk?.problems() ?? []),
      ],
      commit,
      control: this.#orders.control,
      feed: this.#bars.state,
    });
  }

  #emit(event: EngineEvent): void {
    this.#around.onEvent(event);
  }

  async #close(): Promise<void> {
    await this.#watch.stop();
    await this.#feed.close();
    await this.#desk?.close();
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
    this.#store.close();
    this.#lock.release();
  }
}
