import { explain, RatchetError } from '#engine/errors.ts';
import type { Feed, Instant } from '#engine/feeds/feed.ts';
import { GitFailure } from '#engine/repository/git.ts';
import type { StateBranch } from '#engine/repository/state-branch.ts';
import { breachText } from '#engine/risk/limit-watch.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import { assertRoom, type DiskTrouble, diskTrouble } from '#engine/store/disk-trouble.ts';
import type { EngineStore } from '#engine/store/engine-store.ts';
import { type AcceptRequest, pendingAcceptance, settleAcceptance } from './accept-request.ts';
import { Bell } from './bell.ts';
import { type Control, controlPath, isSameOrder, orderGivenHere } from './control.ts';
import { type EngineParts, type EngineSurroundings, openParts } from './engine-parts.ts';
import type { EngineEvent } from './events.ts';
import { feedProblems } from './feed-problems.ts';
import { HeardOrders, type OrderPlace } from './heard-orders.ts';
import { keepLimits, knownLimits } from './limits.ts';
import type { Lock } from './lock.ts';
import type { EngineOptions } from './options.ts';
import { realMoneyOf, realMoneyRefusal } from './real-money.ts';
import { Reconciler } from './reconciler.ts';
import { commitOutcomes, type PendingOutcome, recordBreach } from './record.ts';
import { RemoteWatch } from './remote-watch.ts';
import { ReportKeeper } from './report-keeper.ts';
import { RunRecord } from './run-record.ts';
import { readStoredSlot } from './slot-memory.ts';
import { composeStatus, type EngineProblem, type EngineStatus, statusText, writeLocalStatus } from './status.ts';
import type { StrategySlot } from './strategy-slot.ts';
import type { VenueDesk } from './venue-desk.ts';

/** While it catches up, so many instants go to disk together: a kill loses and repeats them all, exactly. */
const instantsTogetherMax = 64;
/** How often the engine's own folder is looked into for an order. */
const lookHereEveryMs = 500;
/** So long a look for what has come of age may take; the next one goes on there. */
const tiersMsMax = 20;
/** By this code an engine says that it has to be opened again, and that nothing else is wrong. */
export const beginAnew = 'engine/begin-anew';
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
  readonly #runs: RunRecord;
  readonly #bell = new Bell();
  readonly #token: { value: string | undefined };
  readonly #catchUpUntil: number;
  readonly #pending: PendingOutcome[] = [];
  /** Market time: the close of the last instant taken in, or where the replay begins. */
  #now: number;
  #dueAt = 0;
  #lookedHereAt = 0;
  #isStopping = false;
  #isAccepting = false;
  #acceptFailure: { readonly error: unknown } | null = null;
  #hasCaughtUp = false;
  #hasNews = false;
  #control: Control;
  #limits: RiskPolicy | null;
  readonly #orders: HeardOrders;
  readonly #controlProblems = new Map<OrderPlace, EngineProblem | null>();
  #remoteProblem: EngineProblem | null = null;
  #lookProblem: EngineProblem | null = null;
  #diskProblem: EngineProblem | null = null;
  /** An instant is out of the feed and not among what waits to be written. */
  #isHalfTaken = false;
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
    this.#desk = parts.desk;
    this.#state = parts.state;
    this.#token = parts.token;
    this.#now = parts.now;
    this.#catchUpUntil = parts.feed.timeOfInstant(parts.options.catchUpBars);
    this.#orders = new HeardOrders(parts.store, parts.around.clock.now);
    this.#control = this.#orders.obeyed;
    this.#limits = knownLimits(parts.store);
    const { repository, state, store, slots, around, feed } = parts;
    const { dir, market, reportEveryMs } = parts.options;
    const { log } = around;
    const clock = around.clock.now;
    this.#runs = new RunRecord(store, clock);
    this.#reports = new ReportKeeper({ dir, reader: store, markets: market.markets, clock, everyMs: reportEveryMs });
    this.#reconciler = new Reconciler({
      repository,
      state,
      store,
      slots,
      series: feed.series,
      openSlot: (id) => this.#openSlot(id),
      areLimitsKnown: () => this.#limits !== null,
      obeyLimits: (policy) => {
        if (JSON.stringify(policy) !== JSON.stringify(this.#limits)) this.#obeyLimits(policy);
      },
      realMoneyRefusal: (stage) => realMoneyRefusal(stage, realMoneyOf(store, parts.desk?.traded ?? null)),
      now: () => this.#now,
      clock,
      log,
    });
    this.#watch = new RemoteWatch({
      repository,
      state,
      pollMs: parts.options.pollMs,
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
    for (const slot of slots.values()) slot.setControl(this.#control);
    this.#desk?.obey(this.#control);
    if (this.#limits !== null) this.#obeyLimits(this.#limits);
  }

  /** Trades until `stop`. Throws only when it cannot go on: a store that refuses. For a disk that takes nothing it waits. */
  async run(): Promise<void> {
    try {
      this.#runs.begin();
      this.#emit({ kind: 'started', pid: process.pid, time: this.#store.lastFeedTime() });
      this.#tell();
      this.#watch.start();
      this.#desk?.start();
      while (!this.#isStopping) await this.#turn().catch((error) => this.#waitForDisk(error));
      this.#commit();
      this.#runs.end();
      // For readers of its folder; the state branch gets it with the next start.
      this.#reports.take(this.#control, true);
    } finally {
      await this.#close();
    }
  }

  /** Ends after the instant under way; `run` then returns. */
  stop(): void {
    this.#isStopping = true;
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
    if (this.#hasNews) await this.#takeNews();
    this.#takeOrderHere();
    if (this.#desk?.isBroken === true) {
      // On a disk that is still full nothing could be opened anew: that is waited for first.
      assertRoom(this.#options.dir);
      throw journalBehind();
    }
    if (this.#slots.size === 0) this.#letPass();
    const instant = this.#slots.size === 0 ? null : this.#feed.peek();
    this.#noteProgress(instant);
    const waitMs = this.#waitFor(instant);
    if (instant !== null && waitMs <= 0) {
      this.#feed.next();
      await this.#take(instant);
    } else {
      this.#commit();
      this.#tell();
      this.#runs.note();
      this.#store.keepTiers(this.#options.keep, this.#now, { clock: this.#around.clock.now, ms: tiersMsMax });
      await this.#bell.wait(Math.min(waitMs, this.#reports.dueIn(), lookHereEveryMs));
    }
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
      if (this.#isStopping) throw error;
      try {
        assertRoom(this.#options.dir);
        this.#commit();
        trouble = null;
      } catch (again) {
        trouble = diskTrouble(again);
        if (trouble === null) throw again;
      }
    }
    if (this.#desk !== null || this.#isHalfTaken) {
      throw journalBehind(error);
    }
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

  /** A replay waits for the first strategy; what closes live while there is none is history, and the first begins with what closes next. */
  #letPass(): void {
    if (!this.#feed.isLive) return;
    for (let instant = this.#feed.next(); instant !== null; instant = this.#feed.next()) this.#now = instant.time;
  }

  /** How long until the instant is due; for ever when there is none. */
  #waitFor(instant: Instant | null): number {
    if (instant === null) return Number.POSITIVE_INFINITY;
    return this.#feed.isLive || instant.time <= this.#catchUpUntil ? 0 : this.#dueAt - this.#around.clock.now();
  }

  async #take(instant: Instant): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#isHalfTaken = true;
    const outcomes = await Promise.all(slots.map(async (slot) => ({ slot, outcome: await slot.take(instant) })));
    this.#now = instant.time;
    this.#dueAt = this.#around.clock.now() + this.#options.paceMs;
    this.#pending.push({ instant: instant.time, outcomes });
    this.#isHalfTaken = false;
    this.#reports.note(
      instant.time,
      outcomes.map(({ outcome }) => outcome),
    );
    for (const { slot, outcome } of outcomes) {
      for (const { code, message } of outcome.faults) {
        this.#around.log.warn({ strategy: slot.id, code, message }, 'A strategy failed.');
        this.#emit({ kind: 'fault', strategy: slot.id, code, message });
      }
      if (outcome.rejected !== null) {
        const { version, fault } = outcome.rejected;
        this.#reconciler.noteRejected(slot.id, version.candidate.tree, fault.message);
      }
      if (outcome.breached !== null) this.#warnOfBreach(slot.id, outcome.breached);
      if (outcome.left !== null) this.#slots.delete(slot.id);
    }
    const isEventful = outcomes.some(
      ({ outcome }) => outcome.adopted ?? outcome.rejected ?? outcome.breached ?? outcome.left ?? outcome.faults[0],
    );
    const isLive = instant.time > this.#catchUpUntil;
    if (isLive || isEventful || this.#pending.length >= instantsTogetherMax) this.#commit();
    if (isLive || isEventful) this.#tell();
  }

  /** Everything since the last commit goes to disk in one transaction. */
  #commit(): void {
    const last = this.#pending.at(-1);
    if (last === undefined) return;
    commitOutcomes(this.#store, this.#pending, this.#around.clock.now());
    this.#pending.length = 0;
    this.#emit({ kind: 'bar', time: last.instant, equity: this.#store.equity() });
  }

  async #takeNews(): Promise<void> {
    this.#hasNews = false;
    // A slot that goes away or changes hands does so on top of a record that is complete.
    this.#commit();
    try {
      this.#obey('branch', await this.#state.snapshot().readText(controlPath));
      await this.#reconciler.reconcile();
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
    const now = this.#around.clock.now();
    if (now - this.#lookedHereAt < lookHereEveryMs) return;
    this.#lookedHereAt = now;
    if (this.#acceptFailure !== null) {
      const { error } = this.#acceptFailure;
      this.#acceptFailure = null;
      throw error;
    }
    this.#takeAcceptance();
    const before = this.#control;
    this.#obey('here', orderGivenHere(this.#options.dir));
    if (this.#control !== before) this.#tell();
  }

  /** The venue is asked on the way: it is taken up beside the bars. What fails on the way fails the next turn. */
  #takeAcceptance(): void {
    const { dir } = this.#options;
    if (this.#isAccepting) return;
    const request = pendingAcceptance(dir);
    if (request === null) return;
    this.#isAccepting = true;
    void this.#accept(request)
      .catch((error: unknown) => {
        this.#acceptFailure = { error };
      })
      .finally(() => {
        this.#isAccepting = false;
        this.#bell.ring();
      });
  }

  async #accept({ symbol, by, reason }: AcceptRequest): Promise<void> {
    try {
      const refusal =
        this.#desk === null ? 'this engine trades at no venue' : await this.#desk.accept(symbol, `${by}: ${reason}`);
      this.#around.log.info({ symbol, by, reason, refusal }, 'A person accepts what is held of a symbol.');
    } finally {
      settleAcceptance(this.#options.dir);
    }
  }

  #obey(place: OrderPlace, text: string | null): void {
    const reading = this.#orders.hear(place, text);
    this.#controlProblems.set(place, reading.ok ? null : { status: 'Degraded', code: 'control', reason: reading.message });
    if (!reading.ok || !reading.isNews || text === null) return;
    const isSame = isSameOrder(reading.control, this.#control);
    this.#control = reading.control;
    this.#store.transaction(() => {
      this.#orders.obey(place, text, reading.control);
      for (const slot of isSame ? [] : this.#slots.values()) {
        slot.setControl(reading.control);
        if (slot.answerBreach(reading.control)) this.#store.setStanding(slot.standing()!);
      }
    });
    if (isSame) return;
    this.#desk?.obey(reading.control);
    const { mode, by, reason } = reading.control;
    this.#around.log.info({ mode, by, reason }, 'The engine obeys another order.');
  }

  /** Other limits hold from now on. What they find reached already is on disk, with them, when this returns. */
  #obeyLimits(policy: RiskPolicy): void {
    this.#limits = policy;
    this.#reports.noteChange();
    this.#store.transaction(() => {
      keepLimits(this.#store, policy);
      for (const slot of this.#slots.values()) {
        if (this.#desk !== null) slot.renewShare(this.#desk.shareOf.bind(this.#desk));
        const breached = slot.setLimits(policy);
        if (breached === null) continue;
        this.#warnOfBreach(slot.id, breached);
        recordBreach(this.#store, slot.id, breached);
        this.#store.setStanding(slot.standing()!);
      }
    });
  }

  #warnOfBreach(strategy: string, { breach, stage }: NonNullable<StrategySlot['breached']>): void {
    this.#around.log.warn({ strategy, breach: breachText(breach, stage) }, 'A strategy has reached a limit.');
  }

  #openSlot(id: string): StrategySlot {
    const slot = this.#newSlot(id, this.#now);
    const row = this.#store.accounts().find(({ strategy }) => strategy === id);
    if (row !== undefined) slot.resume(readStoredSlot(row), null, null);
    slot.setControl(this.#control);
    if (this.#limits !== null) slot.setLimits(this.#limits);
    this.#slots.set(id, slot);
    return slot;
  }

  #noteProgress(instant: Instant | null): void {
    if (this.#hasCaughtUp || this.#slots.size === 0) return;
    if (instant !== null && instant.time <= this.#catchUpUntil) return;
    this.#commit();
    this.#hasCaughtUp = true;
    this.#reports.hurry();
    this.#emit({ kind: 'caught-up', time: this.#now });
  }

  /** Says how it is, where that has changed: in its folder, to its parent, and on the state branch. */
  #tell(): void {
    const { isNew, isUrgent } = this.#tellStatus();
    const report = this.#reports.take(this.#control, isUrgent);
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
    const own = [...this.#controlProblems.values(), this.#remoteProblem, this.#lookProblem, this.#diskProblem].filter(
      (problem) => problem !== null,
    );
    const strategies = this.#reconciler.statuses();
    return composeStatus({
      strategies,
      problems: [...problems, ...own, ...feedProblems(this.#feed.health()), ...(this.#desk?.problems() ?? [])],
      commit,
      control: this.#control,
      feed: this.#feedState(),
    });
  }

  #feedState(): EngineStatus['feed'] {
    if (this.#slots.size === 0) return 'waiting';
    const instant = this.#feed.peek();
    if (instant === null) return this.#feed.isLive ? 'running' : 'end-of-data';
    return instant.time <= this.#catchUpUntil ? 'catching-up' : 'running';
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

function journalBehind(cause?: unknown): RatchetError {
  return new RatchetError(
    beginAnew,
    'The journal of orders may be behind what is in memory.',
    'Start the engine again: it goes on from what is on disk, and asks the venue first.',
    {},
    cause,
  );
}
