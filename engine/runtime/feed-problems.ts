import type { FeedHealth } from '#engine/feeds/feed.ts';
import type { EngineProblem } from './status.ts';

/** What a person should know of a live feed; nothing of one that is well, or of a replay. */
export function feedProblems(health: FeedHealth | null): EngineProblem[] {
  if (health === null) return [];
  const problems = health.problems.map(
    (problem): EngineProblem => ({ status: 'Degraded', code: 'feed', reason: `bars of ${health.venue}: ${problem}` }),
  );
  if (health.breaker !== 'closed') {
    problems.push({
      status: 'OutOfSync',
      code: 'feed',
      reason: `${health.venue} failed so often that it is left alone for a while`,
    });
  }
  return problems;
}
