/** A lower triangular matrix, row by row: row `i` has `i + 1` entries. */
export type Triangle = readonly (readonly number[])[];

/** The triangle that is 1 on its diagonal. */
export function unitTriangle(size: number): Triangle {
  return Array.from({ length: size }, (_, row) => Array.from({ length: row + 1 }, (_, column) => (row === column ? 1 : 0)));
}

/**
 * The factor A of A·Aᵀ = C, by Cholesky (Golub and Van Loan 2013, algorithm 4.2.1); null where C is not positive definite.
 * @param covariance the lower triangle of C, which is symmetric
 */
export function factorOf(covariance: Triangle): Triangle | null {
  const factor: number[][] = [];
  for (const [row, entries] of covariance.entries()) {
    const done: number[] = [];
    for (const [column, entry] of entries.entries()) {
      const other = column === row ? done : factor[column]!;
      let rest = entry;
      for (let index = 0; index < column; index += 1) rest -= done[index]! * other[index]!;
      if (column < row) done.push(rest / other[column]!);
      else if (rest > 0) done.push(Math.sqrt(rest));
      else return null;
    }
    factor.push(done);
  }
  return factor;
}

/** A·z. */
export function times(factor: Triangle, z: readonly number[]): number[] {
  return factor.map((row) => row.reduce((sum, entry, column) => sum + entry * z[column]!, 0));
}

/** The z of A·z = y, from the first row on. */
export function solve(factor: Triangle, y: readonly number[]): number[] {
  const z: number[] = [];
  for (const [row, entries] of factor.entries()) {
    let rest = y[row]!;
    for (let column = 0; column < row; column += 1) rest -= entries[column]! * z[column]!;
    z.push(rest / entries[row]!);
  }
  return z;
}
