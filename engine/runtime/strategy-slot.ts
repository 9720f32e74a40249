import { timeframeMs } from '#engine/candles/timeframe.ts';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import type { Stage } from '#engine/contract/manifest.ts';
import { quoteOf } from '#engine/contract/quote-asset.ts';
import type { Timeframe } from '#engine/contract/types.ts';
import type { FeedSeries, Instant } from '#engine/feeds/feed.ts';
import type { HaltState } from '#engine/risk/pre-trade.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import type { StrategyStanding } from '#engine/store/engine-store.ts';
import type { OpenPosition } from '#engine/store/rows.ts';
import type { AccountSnapshot } from './account-snapshot.ts';
import type { BarBuilder, BarGroup } from './bar-builder.ts';
import { type Control, initialControl } from './control.ts';
import { isEngineTrouble } from './ending.ts';
import { forcedExits, type HeldBack, haltOf } from './held-back.ts';
import { builderAt } from './history.ts';
import { LimitGuard } from './limit-guard.ts';
import type { LoadedVersion, LoadVersion } from './loaded-version.ts';
import { joined, type MarketRecord, nothing } from './market-record.ts';
import { type AccountKind, kindOfStored, type OpenAccount, type SlotAccount } from './slot-account.ts';
import type { SlotMemory, StoredSlot } from './slot-memory.ts';
import { emptyOutcome, faultOf, isOwnFault, type SlotDecided, type SlotOutcome } from './slot-outcome.ts';
import { isAmong, stepOf } from './slot-step.ts';
import { VersionAtWork } from './version-at-work.ts';

export interface SlotOptions {
  readonly id: string;
  readonly series: readonly FeedSeries[];
  readonly openAccount: OpenAccount;
  readonly kindOf: (stage: Stage) => AccountKind;
  /** Tells the account at a venue of a version that may trade there from its next bar on. */
  readonly expect: (strategy: string, version: LoadedVersion) => void;
  readonly load: LoadVersion;
  /** Wall-clock time, UTC milliseconds. */
  readonly clock: () => number;
}

/**
 * One strategy's place in the engine: its account, the version that decides, and perhaps a version on trial. The account and
 * its protective orders live here, in the engine's own process: they work whatever becomes of the strategy's.
 */
export class StrategySlot {
  readonly id: string;
  readonly #options: SlotOptions;
  #account: SlotAccount | null = null;
  #kind: AccountKind | null = null;
  #builder: BarBuilder | null = null;
  readonly #work: VersionAtWork;
  #deployment: number | null = null;
  #challenger: LoadedVersion | null = null;
  /** Bars have closed since the challenger was warmed up, or the version that runs has decided since: it remembers something else now. */
  #isChallengerStale = false;
  #isLeaving = false;
  #halt: HaltState = 'active';
  #moneyRefusal: string | null = null;
  #control: Control = initialControl;
  readonly #limits: LimitGuard;
  #timeframe: Timeframe | null = null;
  /** Market time of the instant taken in last, and of the one before. */
  #now: number;
  #previous: number;

  constructor(options: SlotOptions, now: number) {
    this.id = options.id;
    this.#options = options;
    this.#work = new VersionAtWork(options.series, options.load);
    this.#limits = new LimitGuard(options.clock);
    this.#now = now;
    this.#previous = now;
  }

  get version(): LoadedVersion | null {
    return this.#work.version;
  }

  get deployment(): number | null {
    return this.#deployment;
  }

  get challenger(): LoadedVersion | null {
    return this.#challenger;
  }

  /** What the next version takes over. */
  get state(): SlotMemory['state'] {
    return this.#work.memory.state;
  }

  /** Why the version no longer decides; null when it does. */
  get heldReason(): string | null {
    return this.#work.heldReason;
  }

  /** The limit its version has reached; null while it may open positions. */
  get breached(): SlotOutcome['breached'] {
    const { watch } = this.#limits;
    return watch === null || watch.breach === null ? null : { treeHash: watch.tree, stage: watch.stage, breach: watch.breach };
  }

  /** Why its version may no longer use real money, while it runs; null where it may, or uses none. */
  get moneyRefusal(): string | null {
    return this.#moneyRefusal;
  }

  /** What its account is in, where a version of this stage would go on with it. */
  quoteOf(stage: Stage): string | null {
    const symbol = this.#options.kindOf(stage) === this.#kind ? this.#account?.settings.symbols[0] : undefined;
    return symbol === undefined ? null : quoteOf(symbol);
  }

  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  get positions(): OpenPosition[] {
    return (this.#account?.positions() ?? []).filter(({ quantity }) => quantity > 0);
  }

  // ── what it is told between bars ─────────────────────────────────────────────────────────────────────────────────────

  /** Goes on where the record stopped. Without a version only protection works, until main gives one. */
  resume(stored: StoredSlot, version: LoadedVersion | null, reason: string | null): void {
    const { memory } = stored;
    const symbols = version?.symbols ?? stored.account.books.map(({ symbol }) => symbol);
    this.#timeframe = memory.timeframe;
    this.#kind = kindOfStored(stored.account);
    this.#account = this.#options.openAccount({
      strategy: this.id,
      kind: this.#kind,
      stage: memory.watch?.stage ?? 'paper',
      symbols,
      barMs: timeframeMs(memory.timeframe),
      isResumed: true,
      snapshot: stored.account,
    });
    this.#builder = builderAt(this.#options.series, this.#account.settings.symbols, memory.timeframe, this.#now);
    this.#work.resume(version, memory, reason);
    this.#deployment = stored.deployment;
    this.#limits.restore(memory.watch);
    if (version !== null) this.#limits.follow(watchedOf(version), { instant: this.#now, equity: this.#worth(this.#account) });
    this.#applyHalt();
  }

  /** Puts a loaded version on trial: it takes over once it has decided without fault. */
  async challenge(version: LoadedVersion): Promise<void> {
    await this.dismissChallenger();
    this.#challenger = version;
    this.#isChallengerStale = false;
    if (this.#options.kindOf(version.candidate.manifest.stage) === 'venue') this.#options.expect(this.id, version);
    this.#applyHalt();
  }

  async dismissChallenger(): Promise<void> {
    await this.#challenger?.live.close();
    this.#challenger = null;
    this.#applyHalt();
  }

  /** Main has the strategy (again), or no longer: then there are no more entries, and what is held goes at the next open. */
  setLeaving(isLeaving: boolean): void {
    this.#isLeaving = isLeaving;
    this.#applyHalt();
  }

  /** Another share of a venue account from now on; what it adds or takes is neither won nor lost. @param shareOf by stage, quote asset */
  renewShare(shareOf: (stage: Stage) => number): void {
    const stage = this.version?.candidate.manifest.stage;
    const account = this.#account;
    if (stage === undefined || account?.setCapital === undefined || this.#options.kindOf(stage) !== this.#kind) return;
    this.#limits.shift(account.setCapital(shareOf(stage)));
  }

  /** A switch for real money was turned: off, its version opens nothing more; exits and protection go on. */
  setMoneyRefusal(reason: string | null): void {
    this.#moneyRefusal = reason;
    this.#applyHalt();
  }

  /** The order to obey from now on; entry orders it withdraws are gone when this returns, and it is met again after a restart. */
  setControl(control: Control): void {
    this.#control = control;
    this.#applyHalt();
  }

  /** The limits to keep from now on. Gives the one they find reached; entry orders are withdrawn then when this returns. */
  setLimits(policy: RiskPolicy): SlotOutcome['breached'] {
    if (this.#limits.setPolicy(policy) === null) return null;
    this.#applyHalt();
    return this.breached;
  }

  /** Takes up an order that was just given, apart from what `setControl` does: whether it has ended a breach. */
  answerBreach(control: Control): boolean {
    const isAnswered = this.#limits.answer(control);
    if (isAnswered) this.#applyHalt();
    return isAnswered;
  }

  /** The number the record gave to the version that took over. */
  setDeployment(deployment: number | null): void {
    this.#deployment = deployment;
  }

  async close(): Promise<void> {
    await Promise.all([this.#work.close(), this.#challenger?.live.close()]);
  }

  // ── one instant ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes in what closed at one instant: the market first, then decisions. What a strategy does wrong is in the outcome. */
  async take(instant: Instant): Promise<SlotDecided> {
    const outcome = emptyOutcome();
    this.#previous = this.#now;
    this.#now = instant.time;
    const own = this.#builder?.push(instant) ?? [];
    const trial = this.#challenger?.builder.push(instant) ?? [];
    const last = own.pop();
    for (const group of own) {
      const carryOut = await this.#ordinaryStep(group, outcome);
      carryOut();
      this.#isChallengerStale = true;
    }
    // Both close a bar here: the account passes from one to the other without a gap and without a bar met twice.
    const isFree = !this.#isChangingHands() || this.#isAtRest;
    const isTrial = trial.length === 1 && (last !== undefined || this.#account === null) && isFree;
    let carryOut = (): void => undefined;
    if (isTrial) carryOut = await this.#trialStep(last ?? null, trial[0]!, outcome);
    else {
      // It does not know these bars, or not what was decided on them.
      if (trial.length > 0 || last !== undefined) this.#isChallengerStale = true;
      if (last !== undefined) carryOut = await this.#ordinaryStep(last, outcome);
    }
    return {
      needsRecord: outcome.adopted !== null || this.#isLeaving,
      carryOut: () => {
        carryOut();
        if (this.#isLeaving && this.#isAtRest) this.#leave(outcome);
        return outcome;
      },
    };
  }

  /** What a restart needs to go on from here; null before anything ever ran. */
  standing(): StrategyStanding | null {
    if (this.#account === null || this.#timeframe === null) return null;
    const memory: SlotMemory = {
      ...this.#work.memory,
      timeframe: this.#timeframe,
      watch: this.#limits.watch,
    };
    return {
      strategy: this.id,
      deployment: this.#deployment,
      instant: this.#now,
      account: JSON.stringify(this.#account.snapshot()),
      memory: JSON.stringify(memory),
      positions: JSON.stringify(this.positions),
    };
  }

  async #ordinaryStep(group: BarGroup, outcome: SlotOutcome): Promise<() => void> {
    const market = this.#meetMarket(group, outcome);
    const decisions = await this.#decide(group, outcome);
    return () => this.#finish(group, market, decisions, outcome);
  }

  async #trialStep(last: BarGroup | null, trial: BarGroup, outcome: SlotOutcome): Promise<() => void> {
    const market = last === null ? nothing : this.#meetMarket(last, outcome);
    const version = this.#challenger!;
    const before = this.#account?.snapshot() ?? null;
    try {
      const decisions = await this.#adoptIfSound(trial, outcome);
      // Both close here, and the account goes by the new version's bars from now on.
      return () => this.#finish(trial, market, decisions, outcome);
    } catch (error) {
      if (isEngineTrouble(error)) throw error;
      const fault = faultOf(version, error);
      const isFinal = isOwnFault(fault);
      if (isFinal) outcome.faults.push(fault);
      outcome.rejected = { version, fault, isFinal };
      this.#takeAccountBack(version.candidate.manifest.stage, before);
      await this.dismissChallenger();
    }
    if (last === null) return () => undefined;
    const decisions = await this.#decide(last, outcome);
    return () => this.#finish(last, market, decisions, outcome);
  }

  /** The swap: the challenger decides once, and only when nothing went wrong does anything change. */
  async #adoptIfSound(trial: BarGroup, outcome: SlotOutcome): Promise<readonly DecisionRecord[]> {
    const loaded = this.#challenger!;
    const version = this.#isChallengerStale ? await this.#work.reload(loaded, this.#previous, this.#previous) : loaded;
    this.#challenger = version;
    this.#isChallengerStale = false;
    if (version !== loaded) await loaded.live.close();
    const { stage } = version.candidate.manifest;
    const kind = this.#options.kindOf(stage);
    const account = this.#options.openAccount({
      strategy: this.id,
      kind,
      stage,
      symbols: version.symbols,
      barMs: version.barMs,
      isResumed: false,
      snapshot: this.#account !== null && kind === this.#kind ? this.#account.snapshot() : null,
    });
    const known = this.#account?.settings.symbols ?? [];
    account.onBars(trial.bars.filter(({ symbol }) => !known.includes(symbol)));
    const { decisions, state } = await version.live.step({ bars: trial.bars, positions: account.positions() });
    if (this.#account !== null && kind !== this.#kind) this.#account.release?.();
    const ended = this.breached?.treeHash === version.candidate.tree ? null : this.breached;
    outcome.adopted = { version, replaced: this.#deployment, ended };
    await this.#work.replace(version, state);
    this.#challenger = null;
    this.#account = account;
    this.#kind = kind;
    this.#timeframe = version.timeframe;
    this.#builder = builderAt(this.#options.series, account.settings.symbols, version.timeframe, this.#now);
    account.setVersion(version.candidate.tree);
    this.#limits.follow(watchedOf(version), { instant: trial.time + version.barMs, equity: this.#worth(account) });
    this.#applyHalt();
    return decisions;
  }

  /**
   * After a trial that failed: what the account was told of the version on trial, its stage, its share and its bars, holds for it no longer.
   * @param before how the account stood when the trial began
   */
  #takeAccountBack(tried: Stage, before: AccountSnapshot | null): void {
    const account = this.#account;
    const triedKind = this.#options.kindOf(tried);
    if (triedKind !== 'venue') return;
    const stage = this.version?.candidate.manifest.stage ?? this.#limits.watch?.stage ?? 'paper';
    const { barMs, symbols } = account?.settings ?? this.#challenger!;
    const request = { strategy: this.id, kind: triedKind, symbols, barMs, isResumed: true, snapshot: null };
    if (account === null || this.#kind !== triedKind) this.#options.openAccount({ ...request, stage: tried }).release?.();
    else this.#account = this.#options.openAccount({ ...request, stage, snapshot: before });
  }

  /** Fills what waits, and then looks at the limits, so that the decisions on this very bar are judged by what is left. */
  #meetMarket({ bars, time }: BarGroup, outcome: SlotOutcome): MarketRecord {
    const account = this.#account!;
    account.onBars(bars);
    const mark = { instant: time + account.settings.barMs, equity: this.#worth(account) };
    if (this.#limits.mark(mark) !== null) {
      outcome.breached = this.breached;
      this.#applyHalt();
    }
    return account.takeRecord();
  }

  async #decide(group: BarGroup, outcome: SlotOutcome): Promise<readonly DecisionRecord[]> {
    if (this.#isLeaving) return [];
    const held = this.heldReason;
    const decisions = await this.#work.decide(group, this.#account!.positions(), outcome.faults);
    if (this.heldReason !== held) this.#applyHalt();
    return decisions;
  }

  #finish(group: BarGroup, market: MarketRecord, decided: readonly DecisionRecord[], outcome: SlotOutcome): void {
    const account = this.#account!;
    const { version } = this;
    const isShadow = version?.candidate.manifest.stage === 'shadow';
    const forced = forcedExits(account, decided, version, this.#heldBack);
    const submitted = [...(isShadow ? [] : decided.filter(({ symbol }) => !isAmong(forced, symbol))), ...forced];
    // What has happened while the strategy decided is of this bar too, and of what it had decided before.
    const before = joined(market, account.takeRecord());
    account.submit(submitted);
    outcome.steps.push(
      stepOf({
        ...{ strategy: this.id, treeHash: version?.candidate.tree ?? '', instant: group.time + account.settings.barMs },
        ...{ before, own: account.takeRecord(), decided, submitted, isShadow, halt: this.#halt, equity: this.#worth(account) },
      }),
    );
  }

  /** What is held here cannot be taken along to where the challenger would trade: it is sold, and nothing is bought, before that takes over. */
  #isChangingHands(): boolean {
    const next = this.#challenger?.candidate.manifest.stage;
    return next !== undefined && this.#account !== null && this.#options.kindOf(next) !== this.#kind;
  }

  /** Quote asset. While something that is held has no price yet, after a restart, what the account was worth last. */
  #worth(account: SlotAccount): number {
    const equity = account.equity();
    if (!Number.isNaN(equity)) return equity;
    return this.#limits.watch?.equity ?? account.snapshot().capital;
  }

  /** Nothing is held, and no order is on its way that could still bring something. */
  get #isAtRest(): boolean {
    return this.positions.length === 0 && (this.#account?.isAtRest?.() ?? true);
  }

  #leave(outcome: SlotOutcome): void {
    outcome.left = { deployment: this.#deployment };
    this.#account?.release?.();
    this.#work.leave();
    this.#deployment = null;
  }

  #applyHalt(): void {
    this.#halt = haltOf(this.#heldBack);
    this.#account?.setHalt(this.#halt);
  }

  get #heldBack(): HeldBack {
    return {
      control: this.#control,
      isLeaving: this.#isLeaving,
      isChangingHands: this.#isChangingHands(),
      isHeld: this.heldReason !== null,
      isRefusedMoney: this.#moneyRefusal !== null,
      hasBreached: this.#limits.breach !== null,
    };
  }
}

function watchedOf({ candidate: { tree, manifest } }: LoadedVersion) {
  return { tree, stage: manifest.stage };
}
