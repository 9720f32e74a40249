import { RandomStream } from '#engine/candles/random-stream.ts';

/** Chance for one purpose: the evaluation's seed and a name, so that no measure moves another's numbers. */
export function streamOf(seed: number, purpose: string): RandomStream {
  return new RandomStream(seed, `evidence/${purpose}`);
}
