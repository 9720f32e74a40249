/** What a strategy's source may measure. An ordinary strategy uses a tenth of it. */
export const SOURCE_LIMITS = {
  bytes: 64 * 1024,
  lines: 2000,
  lineCharacters: 300,
  /** All opening brackets together: also bounds what brackets hidden in strings could nest. */
  brackets: 6000,
  bracketDepth: 40,
  /** Signs of one kind in a row that nest without a bracket: `!!!!…`, `x=>x=>…`. */
  prefixRun: 12,
  treeDepth: 200,
  treeNodes: 60_000,
  /** Longer tables are data, and data in a source is a price series waiting to happen. */
  listElements: 64,
  stringCharacters: 400,
  findings: 50,
} as const;
