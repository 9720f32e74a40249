import semver from 'semver';
import { type DependencyFileKind, dependencyFileKind } from '#bot/gates/audit/dependency-files.ts';
import type { GateContext } from '#bot/gates/context.ts';
import { finding, type GuardFinding } from './finding.ts';

/** Fields of a manifest in which versions are asked for, under names that are there already. */
const NAMED = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
/** Where a version is set for what comes along. */
const OVERRIDES = 'overrides';

/**
 * A repair moves versions and does nothing else: no file comes or goes, a manifest keeps its scripts and its names, a list of
 * requirements keeps its names, its options and its markers. What a lock then holds is the audit's to judge.
 */
export async function repairEdits({
  repository,
  base,
  head,
  changes,
}: Pick<GateContext, 'repository' | 'base' | 'head' | 'changes'>): Promise<readonly GuardFinding[]> {
  const findings: GuardFinding[] = [];
  for (const { path, status } of changes) {
    if (status !== 'modified') {
      findings.push(finding(path, 'a repair changes versions in files that are there: it brings, moves and removes none.'));
      continue;
    }
    const [before, after] = [await repository.readFile(base, path), await repository.readFile(head, path)];
    const message = complaint(dependencyFileKind(path), decoded(before), decoded(after));
    if (message !== null) findings.push(finding(path, message));
  }
  return findings;
}

function decoded(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString('utf8');
}

function complaint(kind: DependencyFileKind | null, before: string, after: string): string | null {
  switch (kind) {
    case 'npm-manifest':
      return manifestComplaint(objectIn(before), objectIn(after));
    case 'npm-lock':
      return objectIn(after) === null ? 'it is no lock any more.' : null;
    case 'requirements':
    case 'requirements-source':
      return withoutVersions(before) === withoutVersions(after)
        ? null
        : 'a repair changes versions and hashes of requirements, and nothing else in this file.';
    default:
      return 'a repair changes no file of this kind.';
  }
}

function manifestComplaint(before: Json | null, after: Json | null): string | null {
  if (before === null || after === null) return 'it is no manifest of npm.';
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const field of fields) {
    if ((NAMED as readonly string[]).includes(field)) {
      const message = namesComplaint(field, before[field], after[field]);
      if (message !== null) return message;
    } else if (field === OVERRIDES) {
      const odd = leaves(after[field]).find((version) => !isVersion(version) && !leaves(before[field]).includes(version));
      if (odd !== undefined) return `${OVERRIDES} may be set to versions only, not to ${JSON.stringify(odd)}.`;
    } else if (JSON.stringify(before[field]) !== JSON.stringify(after[field])) {
      return `a repair changes versions in a manifest, not ${field}.`;
    }
  }
  return null;
}

function namesComplaint(field: string, before: unknown, after: unknown): string | null {
  const [had, has] = [asObject(before), asObject(after)];
  if (JSON.stringify(Object.keys(had)) !== JSON.stringify(Object.keys(has)))
    return `a repair changes versions in ${field}, and neither adds nor removes a name there.`;
  const odd = Object.keys(has).find((name) => has[name] !== had[name] && !isVersion(has[name]));
  return odd === undefined ? null : `${field} may ask for versions of ${odd} only, not for ${JSON.stringify(has[odd])}.`;
}

function isVersion(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && semver.validRange(text) !== null;
}

function leaves(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

/** The text with every exact version and hash taken for the same. */
function withoutVersions(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s+--hash=sha256:[0-9a-f]{64}\s*\\?$/.test(line))
    .map((line) =>
      line
        .replace(/\s*\\$/, '')
        .replace(/\s+--hash=sha256:[0-9a-f]{64}/g, '')
        .replace(/^([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?\s*(?:===?|~=|>=))\s*[A-Za-z0-9.+!_-]+/, '$1'),
    )
    .join('\n');
}

type Json = Readonly<Record<string, unknown>>;

function objectIn(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
  } catch {
    // What is no JSON is no manifest, and its caller says so.
    return null;
  }
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
