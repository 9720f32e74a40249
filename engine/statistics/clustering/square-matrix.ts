/** n × n numbers, row by row. */
export interface SquareMatrix {
  readonly size: number;
  readonly values: Float64Array;
}

/** Symmetric, zero on the diagonal: `of` is asked once for each pair. */
export function symmetricMatrix(size: number, of: (row: number, column: number) => number): SquareMatrix {
  const values = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = row + 1; column < size; column += 1) {
      const value = of(row, column);
      values[row * size + column] = value;
      values[column * size + row] = value;
    }
  }
  return { size, values };
}

/** Rows and columns of the chosen ones only, in their order. */
export function submatrix({ size, values }: SquareMatrix, chosen: readonly number[]): SquareMatrix {
  const made = new Float64Array(chosen.length * chosen.length);
  for (const [row, from] of chosen.entries()) {
    for (const [column, to] of chosen.entries()) made[row * chosen.length + column] = values[from * size + to]!;
  }
  return { size: chosen.length, values: made };
}
