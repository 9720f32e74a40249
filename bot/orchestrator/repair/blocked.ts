import { isBlocking } from '#bot/gates/audit/verdict.ts';
import { auditReport } from '#bot/gates/audit.ts';
import type { GateName } from '#bot/gates/outcome.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { MAIN } from '../life/life-options.ts';
import type { RepairTools } from './mend.ts';
import type { WeakPackage } from './weaknesses.ts';

const AUDIT: GateName = 'audit';

export interface BlockedOptions {
  readonly api: RepositoryApi;
  readonly repository: Repository;
  readonly tools: RepairTools;
}

/** Open pull requests into main whose audit check says failure, the oldest first. */
export async function failingAudit({ api }: Pick<BlockedOptions, 'api'>): Promise<readonly PullRequest[]> {
  const failing: PullRequest[] = [];
  for (const pull of await api.listOpenPullRequests()) {
    if (pull.baseRef !== MAIN) continue;
    if ((await api.checkConclusions(pull.headSha))[AUDIT] === 'failure') failing.push(pull);
  }
  return failing.sort((left, right) => left.number - right.number);
}

/**
 * Those of them that stand for the same advisories: what stops them is looked at again by the gate's own code, for a check's text is
 * nothing to read facts from. One about which a scanner gives no answer is not among them.
 */
export async function blockedBy(
  weak: readonly WeakPackage[],
  main: CommitHash,
  options: BlockedOptions,
): Promise<readonly number[]> {
  const { repository, tools } = options;
  const known = new Set(weak.flatMap(({ name, advisories }) => advisories.map(({ id }) => `${name} ${id}`)));
  const blocked: number[] = [];
  for (const { number, headSha } of await failingAudit(options)) {
    const head = await repository.resolve(headSha);
    const fork = head === null ? null : await repository.mergeBase(main, head);
    if (head === null || fork === null) continue;
    const report = await auditReport({ repository, base: main, head, changes: await repository.diff(fork, head) }, tools);
    const isSame = report.findings.some(
      (finding) =>
        finding.kind === 'vulnerability' && isBlocking(finding) && known.has(`${finding.package.name} ${finding.advisory.id}`),
    );
    if (isSame) blocked.push(number);
  }
  return blocked;
}
