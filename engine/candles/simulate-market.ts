import type { Timeframe } from '#engine/contract/types.ts';
import { RatchetError } from '#engine/errors.ts';
import { allocateColumns } from './candle-columns.ts';
import { MarketRegime } from './market-regime.ts';
import { RandomStream } from './random-stream.ts';
import { MarketSymbol } from './series-key.ts';
import { timeframeMs } from './timeframe.ts';
import type { CandleColumns } from './types.ts';

export interface SimulationRequest {
  readonly seed: number;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  /** Open time of the first bar, UTC milliseconds, aligned to the timeframe. */
  readonly from: number;
  readonly bars: number;
}

/** What one market is like. Volatility is annual, of the log price; volume is quote turnover of an ordinary day. */
interface Character {
  readonly price: number;
  readonly ticksPerUnit: number;
  readonly volatility: number;
  /** Share of the market's movement this symbol takes part in. */
  readonly beta: number;
  readonly turnoverPerDay: number;
}

const characters: Readonly<Record<string, Character>> = {
  BTC: { price: 30_000, ticksPerUnit: 100, volatility: 0.55, beta: 0.85, turnoverPerDay: 9e8 },
  ETH: { price: 2_000, ticksPerUnit: 100, volatility: 0.68, beta: 0.8, turnoverPerDay: 5e8 },
  SOL: { price: 60, ticksPerUnit: 1_000, volatility: 0.88, beta: 0.7, turnoverPerDay: 2e8 },
  ADA: { price: 0.5, ticksPerUnit: 100_000, volatility: 0.8, beta: 0.7, turnoverPerDay: 1e8 },
  LINK: { price: 12, ticksPerUnit: 10_000, volatility: 0.82, beta: 0.7, turnoverPerDay: 8e7 },
};

const yearDays = 365;
const dayMs = 86_400_000;
/** Log-volatility reverts with a half-life of about two days and wanders by about a third. */
const volatilityReversionPerDay = 0.35;
const volatilityOfVolatility = 0.33;
/** Jumps: how many a year the market has, and each symbol has alone, and their size as log returns. */
const marketJumpsPerYear = 10;
const ownJumpsPerYear = 14;
const jumpSize = 0.025;

/** The market as a whole in one bar: what all symbols share. */
interface SharedBar {
  drift: number;
  shock: number;
  jump: number;
  volatility: number;
}

/**
 * A seeded market: regimes that switch (Markov), stochastic volatility with a daily rhythm, jumps, one factor that
 * moves all symbols together, volume that goes with volatility. Bars are drawn in order of time, so generating more of
 * them gives the same first ones; each symbol has its own random stream, so it does not matter which others there are.
 * Returns are a random walk but for the drift of the regimes: there is no pattern in them beyond that modest momentum.
 */
export class SimulatedMarket {
  readonly #request: Omit<SimulationRequest, 'bars'>;
  readonly #barDays: number;
  readonly #regime: MarketRegime;
  readonly #random: RandomStream;
  readonly #markets: SimulatedSymbol[];
  readonly #shared: SharedBar = { drift: 0, shock: 0, jump: 0, volatility: 1 };
  #logVolatility = 0;
  #nextTime: number;

  constructor(request: Omit<SimulationRequest, 'bars'>) {
    if (request.from % timeframeMs(request.timeframe) !== 0) {
      throw new RatchetError(
        'candles/misaligned',
        `${request.from} is not the start of a ${request.timeframe} bar.`,
        'Start at a multiple of the timeframe.',
      );
    }
    if (!Number.isSafeInteger(request.seed)) {
      throw new RatchetError('candles/bad-seed', `The seed ${request.seed} is not a whole number.`, 'Give a seed like 7.');
    }
    for (const symbol of request.symbols) {
      if (!MarketSymbol.safeParse(symbol).success) {
        throw new RatchetError('candles/unknown-symbol', `"${symbol}" is not a symbol.`, 'Give symbols like BTC/USDT.', {
          symbol,
        });
      }
    }
    this.#request = request;
    this.#barDays = timeframeMs(request.timeframe) / dayMs;
    this.#regime = new MarketRegime(request.seed, this.#barDays);
    this.#random = new RandomStream(request.seed, 'market');
    this.#markets = [...new Set(request.symbols)].map((symbol) => new SimulatedSymbol(request.seed, symbol, this.#barDays));
    this.#nextTime = request.from;
  }

  /** The next `bars` bars of every symbol. */
  advance(bars: number): Map<string, CandleColumns> {
    const stepMs = timeframeMs(this.#request.timeframe);
    const columns = this.#markets.map(() => allocateColumns(bars));
    for (let row = 0; row < bars; row += 1) {
      this.#drawShared();
      const rhythm = rhythmAt(this.#nextTime);
      for (const [index, market] of this.#markets.entries())
        market.draw(columns[index]!, row, this.#nextTime, this.#shared, rhythm);
      this.#nextTime += stepMs;
    }
    return new Map(this.#markets.map((market, index) => [market.symbol, columns[index]!]));
  }

  /** Draws the same number of uniform streams' values each bar, in the same order. */
  #drawShared(): void {
    this.#regime.step();
    const { current } = this.#regime;
    const shared = this.#shared;
    this.#logVolatility = nextLogVolatility(this.#logVolatility, this.#barDays, this.#random.normal());
    shared.drift = (current.drift * this.#barDays) / yearDays;
    shared.volatility = current.volatility * Math.exp(this.#logVolatility);
    shared.shock = this.#random.normal();
    const jumpDraw = this.#random.uniform();
    const jumpShock = this.#random.normal();
    shared.jump = jumpDraw * yearDays < marketJumpsPerYear * this.#barDays ? jumpShock * jumpSize : 0;
  }
}

/** `bars` bars of every symbol from `from` on; see {@link SimulatedMarket}. */
export function simulateMarket({ bars, ...request }: SimulationRequest): Map<string, CandleColumns> {
  return new SimulatedMarket(request).advance(bars);
}

class SimulatedSymbol {
  readonly symbol: string;
  readonly #character: Character;
  readonly #random: RandomStream;
  readonly #barDays: number;
  readonly #barVolatility: number;
  readonly #ownWeight: number;
  #logPrice: number;
  #logVolatility = 0;
  #logVolume = 0;
  #close: number;

  constructor(seed: number, symbol: string, barDays: number) {
    this.symbol = symbol;
    this.#random = new RandomStream(seed, `symbol ${symbol}`);
    this.#character = characters[symbol.split('/')[0]!] ?? drawCharacter(this.#random);
    this.#barDays = barDays;
    this.#barVolatility = this.#character.volatility * Math.sqrt(barDays / yearDays);
    this.#ownWeight = Math.sqrt(1 - this.#character.beta * this.#character.beta);
    this.#logPrice = Math.log(this.#character.price);
    this.#close = this.#onTick(this.#character.price);
  }

  /** Writes the bar that opens at `time` into row `row`. */
  draw(columns: CandleColumns, row: number, time: number, shared: SharedBar, rhythm: number): void {
    const random = this.#random;
    const { beta } = this.#character;
    this.#logVolatility = nextLogVolatility(this.#logVolatility, this.#barDays, random.normal());
    const shock = beta * shared.shock + this.#ownWeight * random.normal();
    const jumpDraw = random.uniform();
    const jumpShock = random.normal();
    const ownJump = jumpDraw * yearDays < ownJumpsPerYear * this.#barDays ? jumpShock * jumpSize : 0;
    const volatility = this.#barVolatility * shared.volatility * Math.exp(0.5 * this.#logVolatility) * rhythm;
    const from = this.#logPrice;
    const to = from + beta * shared.drift + volatility * shock + beta * shared.jump + ownJump;
    const high = bridgeExtreme(from, to, volatility, random.uniform(), 1);
    const low = bridgeExtreme(from, to, volatility, random.uniform(), -1);
    this.#logPrice = to;

    const open = this.#close;
    const close = this.#onTick(Math.exp(to));
    columns.time[row] = time;
    columns.open[row] = open;
    columns.high[row] = Math.max(open, close, this.#onTick(Math.exp(high)));
    columns.low[row] = Math.min(open, close, this.#onTick(Math.exp(low)));
    columns.close[row] = close;
    columns.volume[row] = this.#drawVolume(close, volatility / this.#barVolatility, Math.abs(to - from) / volatility);
    this.#close = close;
  }

  /** Turnover rises with volatility and with the size of the bar, and has a memory of its own. */
  #drawVolume(price: number, relativeVolatility: number, deviations: number): number {
    const memory = Math.exp(-12 * this.#barDays);
    this.#logVolume = memory * this.#logVolume + Math.sqrt(1 - memory * memory) * 0.5 * this.#random.normal();
    const turnover =
      this.#character.turnoverPerDay *
      this.#barDays *
      relativeVolatility *
      (0.55 + 0.45 * Math.min(deviations, 6)) *
      Math.exp(this.#logVolume - 0.125);
    return Math.max(1, Math.round((turnover / price) * 1_000)) / 1_000;
  }

  #onTick(price: number): number {
    return Math.max(1, Math.round(price * this.#character.ticksPerUnit)) / this.#character.ticksPerUnit;
  }
}

/** Ornstein–Uhlenbeck, exact over one bar; the mean is set so that the average variance is one. */
function nextLogVolatility(value: number, barDays: number, shock: number): number {
  const mean = -volatilityOfVolatility * volatilityOfVolatility;
  const keep = Math.exp(-volatilityReversionPerDay * barDays);
  return mean + keep * (value - mean) + volatilityOfVolatility * Math.sqrt(1 - keep * keep) * shock;
}

/**
 * The extreme of a Brownian bridge between two log prices, drawn from its exact law (Karatzas and Shreve 1991, 4.3.40):
 * P(max > m) = exp(-2 (m - a)(m - b) / s²).
 */
function bridgeExtreme(from: number, to: number, deviation: number, uniform: number, side: 1 | -1): number {
  const distance = to - from;
  return 0.5 * (from + to + side * Math.sqrt(distance * distance - 2 * deviation * deviation * Math.log(uniform)));
}

/** Volatility over the day: highest when Europe and America trade, lower at night and at weekends. */
function rhythmAt(time: number): number {
  const hour = (time % dayMs) / 3_600_000;
  const day = Math.floor(time / dayMs) % 7;
  // The epoch was a Thursday: days 2 and 3 are Saturday and Sunday.
  const week = day === 2 || day === 3 ? 0.75 : 1.08;
  return week * (1 + 0.3 * Math.cos((2 * Math.PI * (hour - 15)) / 24));
}

/** A market nobody described: something plausible that its name and the seed decide. */
function drawCharacter(random: RandomStream): Character {
  const price = Math.exp(6 * random.uniform() - 1.5);
  const ticksPerUnit = price > 100 ? 100 : price > 1 ? 10_000 : 1_000_000;
  return {
    price,
    ticksPerUnit,
    volatility: 0.65 + 0.25 * random.uniform(),
    beta: 0.6 + 0.2 * random.uniform(),
    turnoverPerDay: 2e7 + 8e7 * random.uniform(),
  };
}
