/** Where the analysis modules stand: beside the strategies, and none of them. */
export const ANALYSIS_FOLDER = 'strategies/analysis';

/** The strategy in whose folder a path lies; null for a path that belongs to none. */
export function strategyOfPath(path: string): string | null {
  const id = /^strategies\/([^/]+)\//.exec(path)?.[1] ?? null;
  return id === null || isAnalysis(path) ? null : id;
}

export function isAnalysis(path: string): boolean {
  return path.startsWith(`${ANALYSIS_FOLDER}/`);
}
