import type { Timeframe } from '#engine/contract/types.ts';

export interface NullShape {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  /** Share of equity in one position. */
  readonly weight: number;
}

/** What a null strategy is told: which one it is, the chance of an entry in a bar, and how many bars it holds. */
export interface NullParameters extends Readonly<Record<string, number>> {
  readonly seed: number;
  readonly chance: number;
  readonly hold: number;
}

/**
 * A strategy that knows nothing: in each bar it tosses a coin, and what it buys it sells after so many bars. The contract has no random
 * numbers, so the coin is a hash of the bar's time, the symbol and a seed: to the market it is chance, to the engine the same bytes
 * each time.
 */
export function nullSource({ symbols, timeframe, weight }: NullShape): string {
  return `import { defineStrategy } from 'ratchet/contract';

const { imul } = Math;
const symbols = [${symbols.map((symbol) => `'${symbol}'`).join(', ')}];

/** A 32-bit word that looks like chance, from one that does not: the finaliser of MurmurHash3 (Appleby 2011). */
function scrambled(word: number): number {
  const once = imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

export default defineStrategy({
  symbols: [${symbols.map((symbol) => `'${symbol}'`).join(', ')}],
  timeframe: '${timeframe}',
  parameters: {
    seed: { default: 1, min: 1, max: 1000000000, step: 1, description: 'which random strategy' },
    chance: { default: 0.01, min: 0.001, max: 0.6, step: 0.001, description: 'chance of an entry in a bar' },
    hold: { default: 6, min: 1, max: 100, step: 1, description: 'bars a position is held' },
  },
  warmupBars: () => 1,
  indicators: () => ({}),
  onBar(context) {
    const { bar, parameters, position, symbol } = context;
    if (position.isOpen) return context.hold('in position');
    const own = scrambled(${symbols.length} * parameters.seed + symbols.indexOf(symbol));
    if (scrambled((bar.time / 60000) ^ own) >= parameters.chance * 4294967296) return context.hold('tails');
    return context.target(${weight}, 'heads', { horizonBars: parameters.hold });
  },
});
`;
}
