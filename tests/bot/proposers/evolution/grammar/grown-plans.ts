import { bred, grownFrom, type Individual, MOVES, type MoveName } from '#bot/proposers/evolution/grammar/breed.ts';
import { RandomStream } from '#engine/candles/random-stream.ts';

const like = { symbols: ['BTC/USDT', 'ETH/USDT'], timeframe: '1h' as const };

/** Plans as a search meets them: grown from nothing, and then bred for a few generations by every move in turn. */
export function grownPlans(count: number, seed = 1): readonly Individual[] {
  const random = new RandomStream(seed, 'grown plans');
  // Bars of one timeframe, so that one dataset serves them all.
  const moves = (Object.keys(MOVES) as MoveName[]).filter((move) => move !== 'rebase');
  const plans: Individual[] = [];
  for (let index = 0; index < count; index += 1) {
    let one = grownFrom(like, random);
    for (let generation = 0; generation < index % 7; generation += 1) {
      one = bred(moves[(index + generation) % moves.length]!, one, grownFrom(like, random), random) ?? one;
    }
    plans.push(one);
  }
  return plans;
}
