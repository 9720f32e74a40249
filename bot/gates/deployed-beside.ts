import { readVersion, type StrategyVersion } from '#bot/evidence/strategy-version.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { strategyFiles } from './context.ts';

/** Stages in which orders are made, simulated or real. */
const TRADING = ['paper', 'canary', 'live'];

/**
 * The other strategies that trade at a commit, in the order of their ids: what a candidate would run beside. One that cannot be read or
 * built does not trade either, so it is left out; the sandbox gate says what is wrong with it.
 */
export async function deployedBeside(repository: Repository, commit: CommitHash, strategy: string): Promise<StrategyVersion[]> {
  const ids = new Set<string>();
  for (const { path } of await repository.listFiles(commit, 'strategies')) {
    const id = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
    if (id !== undefined && id !== strategy) ids.add(id);
  }
  const found: StrategyVersion[] = [];
  for (const id of [...ids].sort()) {
    try {
      const version = await readVersion(id, await strategyFiles(repository, commit, id));
      if (TRADING.includes(version.manifest.stage)) found.push(version);
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
    }
  }
  return found;
}
