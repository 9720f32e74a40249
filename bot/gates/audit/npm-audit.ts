import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import semver from 'semver';
import { z } from 'zod';
import type { LockedPackage, NpmLock } from './inventory.ts';
import { runTool } from './run-tool.ts';
import { type Advisory, type AuditSettings, excerpt, notLooked, type Scan, type Vulnerability } from './scan.ts';

const Via = z.object({
  source: z.union([z.number(), z.string()]),
  name: z.string(),
  title: z.string(),
  url: z.string().nullish(),
  severity: z.string().nullish(),
  range: z.string().nullish(),
});

/** Version 2 of what `npm audit --json` prints. A text in `via` says only through which package another advisory comes. */
const Report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), Via])), nodes: z.array(z.string()) })),
  metadata: z.object({ dependencies: z.object({ total: z.number() }) }),
});

/** When it has no report it prints an object with the reason, in one of two places. */
const Refusal = z.object({
  message: z.string().optional(),
  error: z.object({ summary: z.string().optional(), code: z.string().optional() }).optional(),
});

/**
 * Asks `npm audit` about one lock, in a folder that holds that lock, its manifest and nothing else: no configuration of the
 * change's, nothing installed, no script run.
 */
export async function npmAudit(lock: NpmLock, settings: AuditSettings): Promise<Scan> {
  if (lock.places.size === 0) return { kind: 'looked', found: [] };
  const dir = await mkdtemp(join(tmpdir(), 'ratchet-npm-audit-'));
  try {
    await writeFile(join(dir, 'package.json'), lock.manifestText);
    await writeFile(join(dir, 'package-lock.json'), lock.lockText);
    const run = await runTool(settings.npm, commandLine(dir, settings), dir, settings.timeoutMs);
    if (run.kind === 'failed') return notLooked(`npm audit gave no answer: ${run.why}`);
    return readReport(run.stdout, lock);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function commandLine(dir: string, { npmRegistry, timeoutMs }: AuditSettings): readonly string[] {
  return [
    ...['audit', '--json', '--package-lock-only', '--ignore-scripts', '--loglevel=silent'],
    // Whatever else a person's configuration leaves out or turns off is looked at here.
    ...['--audit=true', '--offline=false', '--include=prod', '--include=dev', '--include=optional', '--include=peer'],
    // npm would try again for minutes; a gate says that it could not look and is run again.
    ...['--fetch-retries=0', `--fetch-timeout=${timeoutMs}`, '--update-notifier=false'],
    ...[`--cache=${join(dir, 'cache')}`, '--logs-max=0'],
    ...(npmRegistry === null ? [] : [`--registry=${npmRegistry}`]),
  ];
}

/** Reads the JSON, never the exit code: 1 means "vulnerable" as well as "no answer". */
export function readReport(stdout: string, lock: NpmLock): Scan {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    return notLooked(`npm audit printed no JSON: ${excerpt(stdout) || 'nothing at all'}`);
  }
  const report = Report.safeParse(value);
  if (!report.success) {
    const refusal = Refusal.safeParse(value).data;
    const reason = refusal?.message || refusal?.error?.summary || refusal?.error?.code;
    return notLooked(`npm audit gave no report: ${excerpt(reason || stdout)}`);
  }
  if (report.data.metadata.dependencies.total === 0)
    return notLooked(`npm audit says it looked at no package, where ${lock.file} locks ${lock.places.size}`);
  const found: Vulnerability[] = [];
  for (const { via, nodes } of Object.values(report.data.vulnerabilities)) {
    const packages = nodes.flatMap((node) => lock.places.get(node) ?? []);
    for (const item of via) {
      if (typeof item === 'string') continue;
      // An advisory about something the lock does not seem to hold is shown all the same, at the lock itself.
      const fallback: LockedPackage = { ecosystem: 'npm', name: item.name, version: 'unknown', file: lock.file, line: 1 };
      const hit = packages.filter(({ version }) => isWithin(version, item.range));
      const affected = hit.length > 0 ? hit : packages.length > 0 ? packages : [fallback];
      found.push(...affected.map((locked) => ({ package: locked, advisory: advisoryOf(item) })));
    }
  }
  return { kind: 'looked', found };
}

function isWithin(version: string, range: string | null | undefined): boolean {
  if (!range || semver.validRange(range) === null) return true;
  return semver.satisfies(version, range, { includePrerelease: true, loose: true });
}

function advisoryOf({ source, title, url, severity, range }: z.infer<typeof Via>): Advisory {
  const id = /GHSA(?:-[0-9a-z]{4}){3}/i.exec(url ?? '')?.[0] ?? `NPM-${source}`;
  return { id, aliases: [], title, severity: severity ?? null, url: url ?? null, fix: range ? { kind: 'outside', range } : null };
}
