import { expect } from 'vitest';
import type { DecisionRecord } from '#engine/contract/intent.ts';
import { Simulation } from '#engine/simulation/simulation.ts';
import type { ClosedBar, MarketRules, SimulationSettings } from '#engine/simulation/types.ts';

export const HOUR_MS = 3_600_000;

/** Round numbers: a tenth of a per cent each way, no spread, no slippage, all of a bar's volume. */
export const plainRules: MarketRules = {
  makerFeeRate: 0,
  takerFeeRate: 0.001,
  halfSpreadRate: 0,
  slippageRate: 0,
  volumeShare: 1,
  tickSize: 0.01,
  stepSize: 0.001,
  minQuantity: 0.001,
  minNotional: 1,
};

type Prices = readonly [open: number, high: number, low: number, close: number, volume?: number];
type Ask = Omit<DecisionRecord, 'symbol' | 'reason'> & { readonly reason?: string };

/** One market called A (and more on request) that a test leads bar by bar; money is counted after every move. */
export class Scene {
  readonly simulation: Simulation;
  #time = 0;

  constructor(rules: Partial<MarketRules> = {}, settings: Partial<SimulationSettings> = {}) {
    const symbols = settings.symbols ?? ['A'];
    this.simulation = new Simulation({
      symbols,
      markets: Object.fromEntries(symbols.map((symbol) => [symbol, { ...plainRules, ...rules }])),
      capital: 1000,
      barMs: HOUR_MS,
      ...settings,
    });
  }

  /** The next hour, for one symbol or for several. */
  bar(...prices: Prices): this {
    return this.bars({ A: prices });
  }

  bars(bySymbol: Readonly<Record<string, Prices>>): this {
    const bars = Object.entries(bySymbol).map(([symbol, [open, high, low, close, volume = 1e6]]): ClosedBar => {
      return { symbol, time: this.#time, open, high, low, close, volume };
    });
    this.simulation.onBars(bars);
    this.#time += HOUR_MS;
    assertConserved(this.simulation);
    return this;
  }

  decide(ask: Ask, symbol = 'A'): this {
    return this.decideAll({ [symbol]: ask });
  }

  decideAll(bySymbol: Readonly<Record<string, Ask>>): this {
    this.simulation.submit(Object.entries(bySymbol).map(([symbol, ask]) => ({ reason: 'test', ...ask, symbol })));
    assertConserved(this.simulation);
    return this;
  }

  get fills() {
    return this.simulation.fills.map(({ side, quantity, price, cause }) => ({ side, quantity, price, cause }));
  }

  get denials() {
    return this.simulation.denials.map(({ code }) => code);
  }

  get quantity(): number {
    return this.simulation.quantity(0);
  }
}

/** cash + holdings at cost = capital + realised - fees, and no cash is owed. */
export function assertConserved(simulation: Simulation): void {
  const { cash, holdingsAtCost, realised, fees, settings } = simulation;
  const scale = settings.capital + simulation.turnover;
  expect(Math.abs(cash + holdingsAtCost - (settings.capital + realised - fees))).toBeLessThan(1e-10 * scale);
  expect(cash).toBeGreaterThan(-1e-9 * scale);
}
