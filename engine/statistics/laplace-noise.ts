import type { RandomSource } from './random-source.ts';

/**
 * One draw of the Laplace distribution around 0: density exp(-|x| / scale) / (2·scale), by inverting its distribution function.
 * Always takes exactly one uniform number from the stream.
 * @param scale in the units of the result, at least 0; 0 gives 0
 */
export function laplaceNoise(random: RandomSource, scale: number): number {
  const centred = random.uniform() - 0.5;
  return -scale * Math.sign(centred) * Math.log(1 - 2 * Math.abs(centred));
}
