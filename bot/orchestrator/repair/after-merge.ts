import { REPAIR_BRANCHES } from '#bot/gates/author-class.ts';
import type { PullRequest } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { MAIN } from '../life/life-options.ts';
import { sayOnce, wasSaid } from '../life/say-once.ts';
import { failingAudit } from './blocked.ts';
import type { RepairOptions } from './repair-main.ts';

/**
 * What follows the merge of a repair: open pull requests whose audit failed and that do not have it yet are made again where only the
 * bot has worked on them, and proven again otherwise, once. What has it needs nothing. Gives what was done, a sentence each.
 */
export async function afterMerge(main: CommitHash, options: RepairOptions): Promise<readonly string[]> {
  const { api, repository, botLogin } = options;
  const merged = (await api.branches.recentlyMerged(MAIN)).filter(
    ({ author, headRef }) => author === botLogin && headRef.startsWith(REPAIR_BRANCHES),
  );
  const [newest] = merged;
  if (newest === undefined) return [];
  const { mergeCommit } = await api.pullRequest(newest.number);
  const repair = mergeCommit === null ? null : await repository.resolve(mergeCommit);
  if (repair === null || !(await repository.isAncestor(repair, main))) return [];
  const done: string[] = [];
  for (const pull of await failingAudit(options)) {
    if (pull.headRef.startsWith(REPAIR_BRANCHES)) continue;
    const head = await repository.resolve(pull.headSha);
    if (head === null || (await repository.isAncestor(repair, head))) continue;
    const sentence = await helpOn(pull, newest.number, options);
    if (sentence !== null) done.push(sentence);
  }
  return done;
}

async function helpOn(pull: PullRequest, repair: number, options: RepairOptions): Promise<string | null> {
  const { number, author } = pull;
  if (author === options.botLogin) {
    try {
      const { to } = await options.rebase(number);
      return `Made #${number} again as ${to.slice(0, 12)}, on what #${repair} has mended.`;
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      // A branch on which somebody else has worked is theirs: it is proven again like any of theirs.
      options.log.info({ number, error: error.message }, 'A pull request that a repair unblocks was not made again.');
    }
  }
  if (await wasSaid(number, unblockedBy(repair), options)) return null;
  // Asked for before it is said, so that a crash between the two asks again.
  options.askForProof(number);
  await sayOnce(number, unblockedBy(repair), told(repair), options);
  return `Asked for a proof of #${number}, which #${repair} may have unblocked.`;
}

/** Names what is said under a pull request that a repair may have unblocked. */
function unblockedBy(repair: number): string {
  return `repaired-${repair}`;
}

function told(repair: number): string {
  return `#${repair} has mended dependencies of \`${MAIN}\` since this branch left it. The gates look at it again; if the audit still fails, bring the branch onto the present \`${MAIN}\`.`;
}
