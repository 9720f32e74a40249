import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { StrategyFiles } from '#bot/proposers/proposer.ts';

/** Lines of what is the same around each change. */
const CONTEXT_LINES = 6;

/** What differs between two versions, as a unified diff, files in the order of their names; all of it is new where there is no parent. */
export function versionDiff(parent: StrategyFiles | null, candidate: StrategyFiles): string {
  const before = parent ?? new Map<string, string>();
  return [...new Set([...before.keys(), ...candidate.keys()])]
    .toSorted()
    .filter((path) => before.get(path) !== candidate.get(path))
    .map((path) => fileDiff(path, before.get(path), candidate.get(path)))
    .join('');
}

function fileDiff(path: string, before: string | undefined, after: string | undefined): string {
  return createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${path}`,
    after === undefined ? '/dev/null' : `b/${path}`,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: CONTEXT_LINES, headerOptions: FILE_HEADERS_ONLY },
  );
}
