/** One line of the benchmark. */
export interface Row {
  readonly name: string;
  /** Null where the row is no throughput. */
  readonly candlesPerSecond: number | null;
  /** How many times as long as the C loop takes; null without a C compiler and where there is nothing to compare. */
  readonly timesC: number | null;
  /** What was measured, with its unit. */
  readonly note: string;
  /** What issue 3 asks for, and whether this run met it. */
  readonly goal: string;
  readonly isMet: boolean;
}

const millions = (value: number | null): string => (value === null ? '' : `${(value / 1e6).toFixed(2)} M`);
const times = (value: number | null): string => (value === null ? '' : `${value.toFixed(1)} ×`);

export function table(rows: readonly Row[]): string {
  const head = ['', 'candles/s', 'C loop', 'measured', 'goal', 'met'];
  const lines = rows.map((row) => [
    row.name,
    millions(row.candlesPerSecond),
    times(row.timesC),
    row.note,
    row.goal,
    row.isMet ? 'yes' : 'NO',
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)));
  return [head, ...lines].map((line) => line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')).join('\n');
}

/** Milliseconds each of `count` calls took, in rising order. */
export async function timings(count: number, work: () => unknown): Promise<number[]> {
  const all: number[] = [];
  for (let each = 0; each < count; each += 1) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return all.sort((left, right) => left - right);
}

export function medianOf(rising: readonly number[]): number {
  return rising[rising.length >> 1]!;
}
