const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * A line of block characters, one a value, from the lowest to the highest of them. A flat line stands at the bottom.
 * @param width at most so many; of more values the last ones are shown
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width).filter(Number.isFinite);
  const lowest = Math.min(...shown);
  const range = Math.max(...shown) - lowest;
  const level = (value: number): number => (range === 0 ? 0 : Math.round(((value - lowest) / range) * (BLOCKS.length - 1)));
  return shown.map((value) => BLOCKS[level(value)]).join('');
}
