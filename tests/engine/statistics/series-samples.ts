import { expect } from 'vitest';
import { RandomStream } from '#engine/candles/random-stream.ts';

/** N series over T times of whole numbers with little pattern: (((3t² + 7tn + 5n² + 2t) mod 17) - 8). */
export function moduloSeries(times: number, count: number): number[][] {
  return Array.from({ length: count }, (_, n) =>
    Array.from({ length: times }, (_, t) => ((3 * t * t + 7 * t * n + 5 * n * n + 2 * t) % 17) - 8),
  );
}

/** Independent normal returns with the given mean and a deviation of 1. */
export function normalSeries(times: number, seed: number, name = 'returns', mean = 0): number[] {
  const random = new RandomStream(seed, name);
  return Array.from({ length: times }, () => mean + random.normal());
}

/** Every resample that the stationary bootstrap of `count` observations can draw, with its probability. */
export function everyResample(count: number, meanBlockLength: number): { indices: number[]; probability: number }[] {
  const endsHere = 1 / meanBlockLength;
  let known = Array.from({ length: count }, (_, start) => ({ indices: [start], probability: 1 / count }));
  for (let length = 1; length < count; length += 1) {
    known = known.flatMap(({ indices, probability }) =>
      Array.from({ length: count }, (_, next) => {
        const goesOn = next === (indices.at(-1)! + 1) % count ? 1 - endsHere : 0;
        return { indices: [...indices, next], probability: probability * (endsHere / count + goesOn) };
      }),
    );
  }
  return known;
}

export const NOT_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** What a `RatchetError` of this code looks like to `toThrow`. */
export const refusal = (code: string) => expect.objectContaining({ code });
