import type { Ecosystem } from '#bot/gates/audit/inventory.ts';
import type { AuditReport } from '#bot/gates/audit/report.ts';
import type { Advisory } from '#bot/gates/audit/scan.ts';
import { type AuditTools, auditReport } from '#bot/gates/audit.ts';
import { REPAIR_BRANCHES } from '#bot/gates/author-class.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';

/** One package at one version in one lock, with everything that is known against it and excused by nobody. */
export interface WeakPackage {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
  /** The lock. */
  readonly file: string;
  readonly advisories: readonly Advisory[];
}

const DIGEST_LENGTH = 16;

/**
 * What the audit finds on a commit itself, as the gate would.
 * @throws RatchetError `repair/not-looked` when a scanner gave no answer: what nobody has looked at is neither weak nor mended
 */
export async function weaknessesOn(
  commit: CommitHash,
  repository: Repository,
  tools: AuditTools,
): Promise<readonly WeakPackage[]> {
  const report = await auditReport({ repository, base: commit, head: commit, changes: [] }, tools);
  requireAnswers(report);
  return weakIn(report);
}

/** @throws RatchetError `repair/not-looked` */
export function requireAnswers({ silences }: AuditReport): void {
  const [silent] = silences;
  if (silent === undefined) return;
  throw new RatchetError(
    'repair/not-looked',
    `Nobody can say what is weak: ${silent.why}.`,
    'Nothing was pushed; it is tried again, or run ratchet repair when it can be asked.',
    { about: silent.about },
  );
}

/** The unexcused weaknesses of a report that its head has, by lock, package and version; in one order whoever asks. */
export function weakIn({ findings }: Pick<AuditReport, 'findings'>): readonly WeakPackage[] {
  const found = new Map<string, WeakPackage>();
  for (const finding of findings) {
    if (finding.kind !== 'vulnerability' || finding.state === 'absent' || finding.excuse?.holds === true) continue;
    const { ecosystem, name, version, file } = finding.package;
    const key = `${file} ${ecosystem} ${name} ${version}`;
    const known = found.get(key)?.advisories ?? [];
    const advisories = known.some(({ id }) => id === finding.advisory.id) ? known : [...known, finding.advisory];
    found.set(key, { ecosystem, name, version, file, advisories });
  }
  return [...found].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, weak]) => weak);
}

/** The branch for exactly these weaknesses: the same ones give the same branch, whatever else moves on main. */
export function repairBranch(weak: readonly WeakPackage[]): string {
  const what = weak.map(({ file, ecosystem, name, version, advisories }) => {
    return { file, ecosystem, name, version, advisories: advisories.map(({ id }) => id).sort() };
  });
  return `${REPAIR_BRANCHES}${digestOfJson(what).slice('sha256:'.length, 'sha256:'.length + DIGEST_LENGTH)}`;
}
