import type { GateResult } from '#bot/evidence/gate-result.ts';
import { RatchetError } from '#engine/errors.ts';
import { ADVISORIES_PATH, exceptionFor, parseAdvisories } from './audit/exceptions.ts';
import type { Inventory, NpmLock, Remark } from './audit/inventory.ts';
import { npmAudit } from './audit/npm-audit.ts';
import { npmRegistries } from './audit/npm-registries.ts';
import { pipAudit } from './audit/pip-audit.ts';
import { type AuditReport, type BasePath, broughtBy, compare, type Excuse, gather, type Silence } from './audit/report.ts';
import type { Scan, Vulnerability } from './audit/scan.ts';
import { type Merged, takeInventory } from './audit/take-inventory.ts';
import { auditVerdict } from './audit/verdict.ts';
import { type GateContext, readText } from './context.ts';
import type { GateTools } from './gate-tools.ts';

/**
 * Does the change bring a dependency with a known weakness, or a lock that is out of step with its manifest? Base and head are both
 * looked at, at the same moment and in the same databases: what the base had is reported, and blocks nothing.
 */
export async function auditGate(context: AuditContext, tools: AuditTools): Promise<GateResult> {
  const report = await auditReport(context, tools);
  tools.onAudit?.(report);
  return auditVerdict(report);
}

/** What the audit looks at. With the same commit twice it is an audit of that commit: all that is found was there before. */
export type AuditContext = Pick<GateContext, 'repository' | 'base' | 'head' | 'changes'>;
export type AuditTools = Pick<GateTools, 'clock' | 'audit' | 'onAudit'>;

/** All that the audit of a pair of commits comes to, before it is put into a sentence. */
export async function auditReport(context: AuditContext, { clock, audit: settings }: AuditTools): Promise<AuditReport> {
  const { repository } = context;
  const policy = parseAdvisories(await readText(repository, context.base, ADVISORIES_PATH));
  const registries = () => npmRegistries(settings);
  const [base, head] = [
    await takeInventory(repository, context.base, registries),
    await takeInventory(repository, context.head, registries, mergedOf(context)),
  ];
  const basePath: BasePath = (path) => context.changes.find((change) => change.path === path)?.previousPath ?? path;
  const brought = broughtBy(base, head, basePath);
  const locks = distinctLocks([...base.npmLocks, ...head.npmLocks]);
  const [npm, python] = await Promise.all([
    scanLocks(locks, (lock) => npmAudit(lock, settings)),
    pipAudit(pythonPackages(base, head), settings),
  ]);
  const scansOf = (inventory: Inventory): readonly Scan[] => inventory.npmLocks.map((lock) => npm.get(lockKey(lock))!);
  const vulnerabilities = (inventory: Inventory): readonly Vulnerability[] => [
    ...inventory.npmLocks.flatMap((lock) => within(npm.get(lockKey(lock))!, lock.file)),
    ...gather([python]).found.filter(({ package: locked }) => inventory.packages.includes(locked)),
  ];
  const brings = (ecosystem: string) => brought.some((item) => item.ecosystem === ecosystem);
  const silences: Silence[] = [
    silence('npm', gather([...scansOf(base), ...scansOf(head)]).why, brings('npm')),
    silence('Python', gather([python]).why, brings('PyPI')),
  ].filter((item) => item !== null);
  const findings = compare(
    { remarks: base.remarks, vulnerabilities: vulnerabilities(base) },
    { remarks: [...head.remarks, ...(await policyRemarks(context))], vulnerabilities: vulnerabilities(head) },
    basePath,
    (item) => excuse(exceptionFor(policy, item, clock())),
  );
  return { files: head.files, brought, findings, silences };
}

/** What main has mended since a change left it is mended in the merge, too, unless the change has touched the file itself. */
function mergedOf({ base, changes }: AuditContext): Merged {
  return { base, touched: new Set(changes.flatMap(({ path, previousPath }) => [path, previousPath ?? path])) };
}

function pythonPackages(...inventories: readonly Inventory[]) {
  return inventories.flatMap(({ packages }) => packages.filter(({ ecosystem }) => ecosystem === 'PyPI'));
}

/** A lock that base and head share is asked about once. */
function distinctLocks(locks: readonly NpmLock[]): ReadonlyMap<string, NpmLock> {
  return new Map(locks.map((lock) => [lockKey(lock), lock]));
}

function lockKey({ lockText, manifestText }: NpmLock): string {
  return `${manifestText}\n${lockText}`;
}

async function scanLocks(
  locks: ReadonlyMap<string, NpmLock>,
  scan: (lock: NpmLock) => Promise<Scan>,
): Promise<ReadonlyMap<string, Scan>> {
  const answers = await Promise.all([...locks].map(async ([key, lock]) => [key, await scan(lock)] as const));
  return new Map(answers);
}

/** The same lock in two places was asked about once: its findings stand at each of them. */
function within(scan: Scan, file: string): readonly Vulnerability[] {
  if (scan.kind === 'not-looked') return [];
  return scan.found.map(({ package: locked, advisory }) => ({ package: { ...locked, file }, advisory }));
}

function silence(about: string, why: string | null, blocks: boolean): Silence | null {
  return why === null ? null : { about, why, blocks };
}

function excuse(match: ReturnType<typeof exceptionFor>): Excuse | null {
  return match === null ? null : { reason: match.exception.reason, expiry: match.exception.expiry, holds: match.holds };
}

/** Exceptions that nobody could read would stop every later change: they are refused when they come. */
async function policyRemarks(context: AuditContext): Promise<readonly Remark[]> {
  if (!context.changes.some(({ path }) => path === ADVISORIES_PATH)) return [];
  try {
    parseAdvisories(await readText(context.repository, context.head, ADVISORIES_PATH));
    return [];
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return [{ kind: 'fault', file: ADVISORIES_PATH, line: 1, message: `${error.message} Mend it in this change.` }];
  }
}
