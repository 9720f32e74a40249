import type { Inventory, LockedPackage, Remark } from './inventory.ts';
import type { Advisory, Scan, Vulnerability } from './scan.ts';

/** `new`: the change brings it. `unchanged`: the base had it too. `absent`: the change takes it away. */
export type FindingState = 'new' | 'unchanged' | 'absent';

export interface Excuse {
  readonly reason: string;
  /** The last day it holds, YYYY-MM-DD. */
  readonly expiry: string;
  readonly holds: boolean;
}

interface Found {
  readonly state: FindingState;
  readonly file: string;
  readonly line: number;
}

export type Finding =
  | (Found & {
      readonly kind: 'vulnerability';
      readonly package: LockedPackage;
      readonly advisory: Advisory;
      /** What `policies/advisories.yaml` of the base says about it. */
      readonly excuse: Excuse | null;
    })
  | (Found & { readonly kind: Remark['kind']; readonly message: string });

/** A part that got no answer. It blocks where the change brings something that the answer is about. */
export interface Silence {
  readonly about: string;
  readonly why: string;
  readonly blocks: boolean;
}

/** All that the audit of one pair of commits came to. */
export interface AuditReport {
  /** Dependency files at the head. */
  readonly files: readonly string[];
  /** Packages, at their versions, that the head locks and the base does not. */
  readonly brought: readonly LockedPackage[];
  readonly findings: readonly Finding[];
  readonly silences: readonly Silence[];
}

/** Where a file of the head stood at the base. */
export type BasePath = (path: string) => string;

/** What the head locks and the base does not, file by file. */
export function broughtBy(base: Inventory, head: Inventory, basePath: BasePath): readonly LockedPackage[] {
  const had = new Set(base.packages.map((item) => versionKey(item, item.file)));
  return head.packages.filter((item) => !had.has(versionKey(item, basePath(item.file))));
}

/** Tells what the change brings from what the base had: the same advisory for the same package of the same lock is not new. */
export function compare(
  base: { readonly remarks: readonly Remark[]; readonly vulnerabilities: readonly Vulnerability[] },
  head: { readonly remarks: readonly Remark[]; readonly vulnerabilities: readonly Vulnerability[] },
  basePath: BasePath,
  excuseOf: (vulnerability: Vulnerability) => Excuse | null,
): readonly Finding[] {
  const weak = partition(
    base.vulnerabilities,
    head.vulnerabilities,
    (item, path) => weaknessKey(item, path(item.package.file)),
    basePath,
  );
  const said = partition(base.remarks, head.remarks, (item, path) => `${path(item.file)} ${item.kind} ${item.message}`, basePath);
  return [
    ...weak.map(
      ({ item, state }): Finding => ({
        kind: 'vulnerability',
        state,
        file: item.package.file,
        line: item.package.line,
        package: item.package,
        advisory: item.advisory,
        excuse: excuseOf(item),
      }),
    ),
    ...said.map(({ item, state }): Finding => ({ ...item, state })),
  ];
}

function partition<T>(base: readonly T[], head: readonly T[], key: (item: T, path: BasePath) => string, basePath: BasePath) {
  const same: BasePath = (path) => path;
  const had = new Set(base.map((item) => key(item, same)));
  const has = new Set(head.map((item) => key(item, basePath)));
  return [
    ...head.map((item) => ({ item, state: had.has(key(item, basePath)) ? ('unchanged' as const) : ('new' as const) })),
    ...base.filter((item) => !has.has(key(item, same))).map((item) => ({ item, state: 'absent' as const })),
  ];
}

function versionKey({ ecosystem, name, version }: LockedPackage, file: string): string {
  return `${file} ${ecosystem} ${name} ${version}`;
}

function weaknessKey({ package: locked, advisory }: Vulnerability, file: string): string {
  return `${file} ${locked.ecosystem} ${locked.name} ${advisory.id}`;
}

/** What was found by scans of one ecosystem, and the first reason why one of them was not. */
export function gather(scans: readonly Scan[]): { readonly found: readonly Vulnerability[]; readonly why: string | null } {
  const found = scans.flatMap((scan) => (scan.kind === 'looked' ? scan.found : []));
  const silent = scans.find((scan) => scan.kind === 'not-looked');
  return { found, why: silent?.kind === 'not-looked' ? silent.why : null };
}
