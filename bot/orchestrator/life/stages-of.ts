import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { readText } from '#bot/gates/context.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import type { LifeOptions } from './life-options.ts';

/** Stages of the strategies the head changes, as the head has them and as the base had them; `none` where one is not there. */
export async function stagesOf(
  pull: PullRequest,
  base: CommitHash,
  { repository }: Pick<LifeOptions, 'repository'>,
): Promise<readonly string[]> {
  const head = await repository.resolve(pull.headSha);
  if (head === null) return [];
  const stages = new Set<string>();
  const changes = await repository.diff(base, head);
  for (const path of changes.flatMap(({ path, previousPath }) => [path, ...(previousPath === undefined ? [] : [previousPath])])) {
    const id = strategyOfPath(path);
    // What is moved into a strategy's folder is taken from where it stood.
    if (id === null) return [];
    for (const commit of [base, head]) {
      const text = await readText(repository, commit, `strategies/${id}/manifest.yaml`);
      stages.add(text === null ? 'none' : parseManifest(id, text).stage);
    }
  }
  return [...stages];
}
