import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Material } from '#engine/analysis/query/material.ts';
import type { ShownSeries } from '#engine/analysis/shown-candles.ts';
import { EngineStore, type NewTrade } from '#engine/store/engine-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Two parts of seventeen days each, with eight days between them that nobody is shown. */
const PART_BARS = 17 * 24;
const BEGIN = Date.UTC(2024, 0, 1);
const SINCE = BEGIN + 25 * DAY_MS;
const AS_OF = SINCE + PART_BARS * HOUR_MS;
const SYMBOLS = ['BTC/USDT', 'ETH/USDT'] as const;

/** Nothing was traded and nothing is stored: so a night finds it when everything is new. */
export const NOTHING: Material = { store: null, asOf: AS_OF, candles: [] };

/**
 * A record and candles that are the same on every machine: two markets, two versions of a strategy, wins, losses, refusals, a hole in the
 * bars, an open position. What `work` is given is gone when it has ended.
 */
export async function withSample<T>(work: (material: Material) => Promise<T>): Promise<T> {
  const store = mkdtempSync(join(tmpdir(), 'ratchet-sample-'));
  try {
    writeRecord(store);
    const candles = SYMBOLS.flatMap((symbol, index) => [
      series(symbol, index, 'development', BEGIN),
      series(symbol, index, 'since', SINCE),
    ]);
    return await work({ store, asOf: AS_OF, candles });
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

/** Plain arithmetic: Math.sin differs between machines in no digit that is kept. */
function closeAt(symbol: number, time: number): number {
  const hour = (time - BEGIN) / HOUR_MS;
  const wave = Math.sin(hour / (17 + 6 * symbol)) + 0.2 * Math.sin((hour * hour) % 97);
  return Math.round(100_000 * (1 + symbol) * (1 + 0.03 * wave)) / 1000;
}

function series(symbol: string, index: number, part: ShownSeries['part'], from: number): ShownSeries {
  const hours = Array.from({ length: PART_BARS }, (_, hour) => hour).filter((hour) => hour < 100 || hour > 103);
  const time = Float64Array.from(hours, (hour) => from + hour * HOUR_MS);
  const close = time.map((open) => closeAt(index, open));
  const open = time.map((at) => closeAt(index, at - HOUR_MS));
  const columns = {
    time,
    open,
    high: close.map((price, at) => Math.max(price, open[at]!) * 1.001),
    low: close.map((price, at) => Math.min(price, open[at]!) * 0.999),
    close,
    volume: time.map((_, at) => 1 + (at % 7)),
  };
  return { symbol, timeframe: '1h', part, span: { from, to: from + PART_BARS * HOUR_MS }, columns };
}

function writeRecord(dir: string): void {
  const store = EngineStore.open(dir);
  try {
    store.transaction(() => {
      const deployed = {
        strategy: 'sample',
        commitHash: 'c',
        stage: 'paper',
        artifact: 'a',
        barMs: HOUR_MS,
        symbols: 2,
      } as const;
      store.addDeployment({ ...deployed, treeHash: 'first', instant: SINCE, loadedAt: SINCE });
      const second = store.addDeployment({ ...deployed, treeHash: 'second', instant: SINCE + 8 * DAY_MS, loadedAt: SINCE });
      for (let hour = 1; hour <= PART_BARS; hour += 1) addHour(store, hour);
      const position = { symbol: 'BTC/USDT', quantity: 2, entryPrice: closeAt(0, AS_OF - 6 * HOUR_MS), barsHeld: 5 };
      const standing = { account: '{}', memory: '{}', positions: JSON.stringify([position]) };
      store.setStanding({ strategy: 'sample', deployment: second, instant: AS_OF, ...standing });
    });
  } finally {
    store.close();
  }
}

/** Enters every tenth hour, is refused every thirtieth, and leaves after one to sixteen hours. */
function addHour(store: EngineStore, hour: number): void {
  const instant = SINCE + hour * HOUR_MS;
  const treeHash = hour < 8 * 24 ? 'first' : 'second';
  const action = hour % 10 === 0 ? 'target' : 'hold';
  const outcome = action === 'hold' ? 'held' : hour % 30 === 0 ? 'denied:paused' : 'accepted';
  const terms = outcome === 'accepted' ? '{"weight":0.4,"stopLoss":0.02,"horizonBars":16}' : null;
  const decisions = SYMBOLS.map((symbol) => ({
    symbol,
    action,
    reason: action === 'hold' ? 'no cross' : 'cross',
    outcome,
    terms,
  }));
  const trades = hour % 10 === 8 && hour > 20 ? [tradeAt(instant, hour, treeHash)] : [];
  store.addStep({ strategy: 'sample', treeHash, instant, fills: [], trades, denials: [], decisions, equity: 1000 + (hour % 13) });
}

function tradeAt(exitTime: number, hour: number, version: string): NewTrade {
  const index = hour % 20 === 8 ? 0 : 1;
  const barsHeld = 1 + (hour % 16);
  const entryTime = exitTime - barsHeld * HOUR_MS;
  const [entryPrice, exitPrice] = [closeAt(index, entryTime), closeAt(index, exitTime)];
  const fees = 0.001 * (entryPrice + exitPrice);
  const netResult = exitPrice - entryPrice - fees;
  return {
    symbol: SYMBOLS[index]!,
    entryTime,
    exitTime,
    entryPrice,
    exitPrice,
    quantity: 1,
    fees,
    netResult,
    netReturn: netResult / entryPrice,
    barsHeld,
    maxAdverseExcursion: -0.01,
    maxFavourableExcursion: 0.01,
    entryReason: 'cross',
    exitReason: 'left',
    exitCause: barsHeld === 16 ? 'horizon' : 'decision',
    version,
  };
}
