import { readText } from '#bot/gates/context.ts';
import { AUTONOMY_PATH, type AutonomyLevel, AutonomyPolicy, parsePolicy } from '#bot/gates/policies.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';

export type ForgeKind = keyof AutonomyPolicy['levels'];

/** @throws RatchetError `policy/unreadable`: where it is not written what the bot may, it may nothing */
export async function autonomyAt(repository: Repository, commit: CommitHash, forge: ForgeKind): Promise<AutonomyLevel> {
  return parsePolicy(AUTONOMY_PATH, await readText(repository, commit, AUTONOMY_PATH), AutonomyPolicy).levels[forge];
}

/** @param stages of every strategy a change touches, before and after; none when it touches anything else */
export function mayMerge(level: AutonomyLevel, stages: readonly string[]): boolean {
  return level === 'merge-paper' && stages.length > 0 && stages.every((stage) => stage === 'paper');
}
