import type { RandomStream } from '#engine/candles/random-stream.ts';
import { BAR_MS, TIMEFRAME } from './exam.ts';

/** Share of equity in each of two symbols, as the shipped strategy has it: a tenth is kept back for costs. */
export const WEIGHT = 0.45;

/**
 * A strategy that knows nothing: in each bar it tosses a coin, and what it buys it sells after so many bars. The contract has no random
 * numbers, so the coin is a hash of the bar's time, the symbol and a seed: to the market it is chance, to the engine the same bytes
 * each time.
 */
export function nullSource([first, second]: readonly [string, string]): string {
  return `import { defineStrategy } from 'ratchet/contract';

const { imul } = Math;

/** A 32-bit word that looks like chance, from one that does not: the finaliser of MurmurHash3 (Appleby 2011). */
function scrambled(word: number): number {
  const once = imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}

export default defineStrategy({
  symbols: ['${first}', '${second}'],
  timeframe: '${TIMEFRAME}',
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
    const word = scrambled((bar.time / ${BAR_MS}) ^ scrambled(2 * parameters.seed + (symbol === '${first}' ? 0 : 1)));
    if (word >= parameters.chance * 4294967296) return context.hold('tails');
    return context.target(${WEIGHT}, 'heads', { horizonBars: parameters.hold });
  },
});
`;
}

/** Bars: a day, and ten days. */
const HOLD = { least: 6, most: 60 } as const;
const IN_MARKET = { least: 0.1, most: 0.9 } as const;

/**
 * A random strategy that holds for a day to ten days and is in the market for a tenth to nine tenths of the time. Faster ones lose so
 * surely to costs that no gate would be tried by them, and their spread would make the deflation harsher than it is on like trials.
 */
export function drawNull(random: RandomStream): Readonly<Record<'seed' | 'chance' | 'hold', number>> {
  const hold = Math.round(HOLD.least * Math.exp(random.uniform() * Math.log(HOLD.most / HOLD.least)));
  const share = IN_MARKET.least + (IN_MARKET.most - IN_MARKET.least) * random.uniform();
  // In the market for `hold` of every `hold + 1 / chance` bars.
  const chance = Math.max(0.001, Math.round((1000 * share) / ((1 - share) * hold)) / 1000);
  return { seed: 1 + Math.floor(random.uniform() * 1e9), chance: Math.min(0.6, chance), hold };
}
