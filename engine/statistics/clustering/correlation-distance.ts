import { meanOf } from '../moments.ts';
import type { Series } from '../observations.ts';
import { type SquareMatrix, symmetricMatrix } from './square-matrix.ts';

/**
 * √((1 - ρ) / 2) between every two series, ρ being their correlation: 0 for the same up to scale, √½ for strangers, 1 for opposites.
 * López de Prado and Lewis (2019), "Detection of false investment strategies using unsupervised learning methods".
 * Takes N²·T / 2 steps.
 * @param series of one length, each of which varies
 */
export function correlationDistances(series: readonly Series[]): SquareMatrix {
  const standard = series.map(unitVector);
  return symmetricMatrix(series.length, (row, column) => {
    const [one, other] = [standard[row]!, standard[column]!];
    let correlation = 0;
    for (let index = 0; index < one.length; index += 1) correlation += one[index]! * other[index]!;
    return Math.sqrt(Math.max(0, (1 - correlation) / 2));
  });
}

/** Centred and of length 1, so that a product of two is their correlation. */
function unitVector(series: Series): Float64Array {
  const mean = meanOf(series)!;
  const centred = Float64Array.from(series, (value) => value - mean);
  const length = Math.sqrt(centred.reduce((total, value) => total + value * value, 0));
  return centred.map((value) => value / length);
}

/**
 * Squared Euclidean distance between every two rows of a matrix of distances: what makes two series alike is that they are as far
 * from all the others, and a pair that is close by chance is not enough. Ibid. Takes N³ / 2 steps.
 */
export function squaredRowDistances({ size, values }: SquareMatrix): SquareMatrix {
  const rows = Array.from({ length: size }, (_, row) => values.subarray(row * size, (row + 1) * size));
  return symmetricMatrix(size, (row, column) => {
    const [one, other] = [rows[row]!, rows[column]!];
    let total = 0;
    for (let index = 0; index < size; index += 1) {
      const apart = one[index]! - other[index]!;
      total += apart * apart;
    }
    return total;
  });
}
