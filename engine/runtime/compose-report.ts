import { timeframeMs } from '#engine/candles/timeframe.ts';
import { dailyLossOf, drawdownOf } from '#engine/risk/limit-watch.ts';
import type { RiskPolicy } from '#engine/risk/risk-policy.ts';
import { Grid } from '#engine/simulation/grid.ts';
import type { BookSnapshot } from '#engine/simulation/snapshot.ts';
import type { MarketRules } from '#engine/simulation/types.ts';
import type { EngineReader } from '#engine/store/engine-reader.ts';
import type { DecisionRow, DeploymentRow, TradeRow } from '#engine/store/rows.ts';
import type { Truth } from '#engine/store/truth/truth.ts';
import { accountLimits } from './account-limits.ts';
import type { AccountSnapshot } from './account-snapshot.ts';
import type { Control } from './control.ts';
import { knownLimits } from './limits.ts';
import {
  type EngineReport,
  type ReportedDecision,
  type ReportedPosition,
  type ReportedTrade,
  type RiskUse,
  reportBounds,
  type StrategyReport,
} from './report.ts';
import { readStoredSlot, type StoredSlot } from './slot-memory.ts';
import { StrategyFigures } from './strategy-figures.ts';

const shareOfEquity = 'share of equity';

/**
 * Puts the report together from the record alone, so that a restart changes nothing in it. What the record has gained since the
 * last time is read, not all of it again.
 */
export class ReportComposer {
  readonly #reader: EngineReader;
  readonly #markets: Readonly<Record<string, MarketRules>>;
  readonly #figures = new Map<string, StrategyFigures>();
  /** How far the record has been read. */
  #read = { trade: 0, decision: 0, denial: 0 };
  /** Market time up to which, UTC milliseconds. */
  #readUpTo = 0;

  constructor(reader: EngineReader, markets: Readonly<Record<string, MarketRules>>) {
    this.#reader = reader;
    this.#markets = markets;
  }

  compose(control: Control): EngineReport {
    const limits = knownLimits(this.#reader);
    const deployments = new Map(this.#reader.deployments().map((row) => [row.id, row]));
    const slots = this.#reader.accounts().map(readStoredSlot);
    this.#readOn(slots);
    const loaded = slots.flatMap((slot) => {
      const deployment = slot.deployment === null ? undefined : deployments.get(slot.deployment);
      return deployment === undefined ? [] : [{ slot, deployment }];
    });
    const strategies = loaded
      .slice(0, reportBounds.strategies)
      .map(({ slot, deployment }) => this.#strategyReport(slot, deployment));
    return {
      schema: 'ratchet/engine-report/1',
      asOf: this.#reader.lastFeedTime(),
      control,
      strategies,
      strategiesOmitted: loaded.length - strategies.length,
      risk: [
        ...accountLimits(this.#reader, limits),
        ...strategies.flatMap((report, index) => [...shareLimits(report), ...lossLimits(loaded[index]!.slot, limits)]),
      ],
    };
  }

  #readOn(slots: readonly StoredSlot[]): void {
    // Bars that were not read yet have become part of a run with such as were: what is made of them is made anew.
    if ((this.#reader.keptInRunsUpTo() ?? 0) > this.#readUpTo) {
      this.#figures.clear();
      this.#read = { trade: 0, decision: 0, denial: 0 };
    }
    this.#readUpTo = this.#reader.lastFeedTime() ?? 0;
    for (const { strategy, account } of slots) {
      let figures = this.#figures.get(strategy);
      if (figures === undefined) {
        figures = new StrategyFigures(account.capital);
        this.#figures.set(strategy, figures);
      }
      for (const row of this.#reader.equityAfter(strategy, figures.lastInstant)) figures.addEquity(row);
    }
    const before = this.#read;
    this.#read = this.#reader.lastIds();
    for (const trade of this.#reader.tradesBetween(before.trade, this.#read.trade)) {
      this.#figures.get(trade.strategy)?.addTrade(trade);
    }
    for (const { strategy, code, count } of this.#reader.denialCounts(before, this.#read)) {
      this.#figures.get(strategy)?.addDenials(code, count);
    }
  }

  #strategyReport({ strategy, account, memory }: StoredSlot, deployment: DeploymentRow): StrategyReport {
    const figures = this.#figures.get(strategy)!;
    const held = account.books.filter(({ position }) => position !== null);
    const openSince = held.map(({ position }) => position!.entryTime!);
    const positions = held.slice(0, reportBounds.positions).map((book) => positionOf(book, this.#markets));
    return {
      id: strategy,
      stage: deployment.stage,
      tree: deployment.treeHash,
      commit: deployment.commitHash,
      loadedAt: deployment.loadedAt,
      loadedInstant: deployment.instant,
      capital: account.capital,
      equity: equityOf(account),
      cash: account.cash,
      positions,
      positionsOmitted: held.length - positions.length,
      performance: figures.performance(openSince, timeframeMs(memory.timeframe)),
      truth: this.#truth(strategy, deployment.treeHash),
      trades: figures.newestTrades.map(tradeOf),
      decisions: this.#reader.decisionsOf(strategy, reportBounds.decisions).map(decisionOf),
      denials: figures.denials,
      dailyEquity: figures.dailyEquity,
    };
  }

  /** From the record alone, its clock too. */
  #truth(strategy: string, tree: string): Truth {
    return this.#reader.truth(strategy, tree, this.#reader.lastFeedTime() ?? 0, this.#reader.lastSeen() ?? 0);
  }
}

/** Cash and holdings at their last closes. */
function equityOf({ cash, books }: AccountSnapshot): number {
  return books.reduce((sum, { position, lastClose }) => sum + (position?.quantity ?? 0) * (lastClose ?? 0), cash);
}

function positionOf(
  { symbol, position, lastClose }: BookSnapshot,
  markets: Readonly<Record<string, MarketRules>>,
): ReportedPosition {
  const { quantity, cost, barsHeld, takePrice } = position!;
  const price = lastClose!;
  return {
    symbol: bounded(symbol),
    quantity: quantity!,
    entryPrice: cost! / quantity!,
    price,
    unrealisedResult: quantity! * price - cost!,
    stop: stopOf(position!, new Grid(markets[symbol]!.tickSize)),
    takeProfit: takePrice,
    barsHeld: barsHeld!,
  };
}

/** The nearer of the fixed stop and the trailing one, which stands on the market's ticks. */
function stopOf({ stopPrice, trailDistance, trailHigh }: NonNullable<BookSnapshot['position']>, ticks: Grid): number | null {
  if (trailDistance === null) return stopPrice;
  const trail = ticks.floor(trailHigh! * (1 - trailDistance));
  return stopPrice === null || trail > stopPrice ? trail : stopPrice;
}

function tradeOf(row: TradeRow): ReportedTrade {
  const { symbol, entryTime, exitTime, entryPrice, exitPrice, quantity, fees, netResult, netReturn, barsHeld } = row;
  return {
    symbol: bounded(symbol),
    entryTime,
    exitTime,
    entryPrice,
    exitPrice,
    quantity,
    fees,
    netResult,
    netReturn,
    barsHeld,
    entryReason: bounded(row.entryReason),
    exitReason: bounded(row.exitReason),
    exitCause: row.exitCause,
  };
}

function decisionOf({ instant, symbol, action, reason, outcome }: DecisionRow): ReportedDecision {
  return { instant, symbol: bounded(symbol), action, reason: bounded(reason), outcome };
}

/** Accounts are long only and pay with what they have: both limits are the whole of the equity. */
function shareLimits({ id, equity, cash, positions }: StrategyReport): RiskUse[] {
  const share = (value: number) => (equity > 0 ? Math.max(0, value) / equity : 0);
  const largest = Math.max(0, ...positions.map(({ quantity, price }) => quantity * price));
  return [
    {
      code: 'exposure',
      strategy: id,
      title: 'All positions together',
      limit: 1,
      used: share(equity - cash),
      unit: shareOfEquity,
    },
    {
      code: 'largest-position',
      strategy: id,
      title: 'The largest position',
      limit: 1,
      used: share(largest),
      unit: shareOfEquity,
    },
  ];
}

/** What may be lost in its stage, and what is, as the engine itself counts it from bar to bar. */
function lossLimits({ strategy, memory: { watch } }: StoredSlot, policy: RiskPolicy | null): RiskUse[] {
  const limits = watch === null ? undefined : policy?.stages[watch.stage];
  if (watch === null || limits === undefined) return [];
  const { maxDrawdown, dailyLoss } = limits;
  const uses: RiskUse[] = [
    {
      code: 'drawdown',
      strategy,
      title: 'Fall from the highest equity since it was loaded or resumed',
      limit: maxDrawdown,
      used: drawdownOf(watch),
      unit: 'share of the highest equity',
    },
  ];
  if (dailyLoss !== undefined) {
    uses.push({
      code: 'daily-loss',
      strategy,
      title: 'Loss of the day',
      limit: dailyLoss,
      used: dailyLossOf(watch),
      unit: "share of the day's opening equity",
    });
  }
  return uses;
}

function bounded(text: string): string {
  return text.length <= reportBounds.textLength ? text : `${text.slice(0, reportBounds.textLength - 1)}…`;
}
