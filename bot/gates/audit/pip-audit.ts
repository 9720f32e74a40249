import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { LockedPackage } from './inventory.ts';
import { normalName } from './pep440.ts';
import { runTool } from './run-tool.ts';
import { type AuditSettings, excerpt, notLooked, type Scan, type Vulnerability } from './scan.ts';

/** What the list for pip-audit may hold: anything else could begin a comment, a marker, an option or another line there. */
const NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9.+!_-]*$/;

/** How long pip-audit waits for one answer of OSV's. */
const SOCKET_TIMEOUT_SECONDS = 15;

const Report = z.object({
  dependencies: z.array(
    z.union([
      z.object({ name: z.string(), skip_reason: z.string() }),
      z.object({
        name: z.string(),
        version: z.string(),
        vulns: z.array(
          z.object({
            id: z.string(),
            aliases: z.array(z.string()).default([]),
            description: z.string().default(''),
            fix_versions: z.array(z.string()).default([]),
          }),
        ),
      }),
    ]),
  ),
});

/**
 * Asks `pip-audit` about packages, of whichever files and commits: each pair of name and version once. It is handed a list of
 * exact versions written here, so no line of the change's own files acts (another index, an include, a build) and pip is not run.
 */
export async function pipAudit(packages: readonly LockedPackage[], settings: AuditSettings): Promise<Scan> {
  const odd = packages.find(({ name, version }) => !NAME.test(name) || !VERSION.test(version));
  if (odd !== undefined)
    return notLooked(
      `${odd.file}:${odd.line} locks ${excerpt(JSON.stringify(`${odd.name}==${odd.version}`))}, which is no package at a version`,
    );
  const found: Vulnerability[] = [];
  for (const versions of layersOf(packages)) {
    const scan = await askOnce(versions, settings);
    if (scan.kind === 'not-looked') return notLooked(scan.why);
    for (const [name, advisories] of scan.advisories) {
      const version = versions.get(name);
      const affected = packages.filter((item) => item.name === name && item.version === version);
      for (const locked of affected) found.push(...advisories.map((advisory) => ({ package: locked, advisory })));
    }
  }
  return { kind: 'looked', found };
}

/** pip-audit takes one version of a name at a time, and a tree may hold several: by platform, by file, by commit. */
function layersOf(packages: readonly LockedPackage[]): readonly ReadonlyMap<string, string>[] {
  const layers: Map<string, string>[] = [];
  for (const { name, version } of packages) {
    if (layers.some((layer) => layer.get(name) === version)) continue;
    const free = layers.find((layer) => !layer.has(name));
    if (free === undefined) layers.push(new Map([[name, version]]));
    else free.set(name, version);
  }
  return layers;
}

type Answer =
  | { readonly kind: 'looked'; readonly advisories: ReadonlyMap<string, readonly Vulnerability['advisory'][]> }
  | { readonly kind: 'not-looked'; readonly why: string };

async function askOnce(versions: ReadonlyMap<string, string>, settings: AuditSettings): Promise<Answer> {
  const dir = await mkdtemp(join(tmpdir(), 'ratchet-pip-audit-'));
  try {
    const [list, out] = [join(dir, 'requirements.txt'), join(dir, 'report.json')];
    await writeFile(list, [...versions].map(([name, version]) => `${name}==${version}\n`).join(''));
    const args = [
      ...['--requirement', list, '--no-deps', '--disable-pip', '--vulnerability-service', 'osv'],
      ...(settings.osvUrl === null ? [] : ['--osv-url', settings.osvUrl]),
      ...['--format', 'json', '--aliases', 'on', '--desc', 'on', '--output', out, '--progress-spinner', 'off'],
      ...['--timeout', String(SOCKET_TIMEOUT_SECONDS), '--cache-dir', join(dir, 'cache')],
    ];
    const run = await runTool(settings.pipAudit, args, dir, settings.timeoutMs);
    if (run.kind === 'failed') return noAnswer(`pip-audit gave no answer: ${run.why}`);
    const report = await readFile(out, 'utf8').catch(() => null);
    if (report === null)
      return noAnswer(`pip-audit wrote no report: ${lastLine(run.stderr) || excerpt(run.stdout) || 'no reason given'}`);
    // An entry in a form it does not know it leaves out with a warning, and reports the package as clean.
    const dropped = /WARNING:pip_audit\._service\S*:(.*)/.exec(run.stderr)?.[1];
    if (dropped !== undefined) return noAnswer(`pip-audit left an advisory out: ${excerpt(dropped)}`);
    return readReport(report, versions);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Reads the JSON, never the exit code: 1 means "vulnerable" as well as "no answer". Every package asked about must be in it. */
export function readReport(text: string, versions: ReadonlyMap<string, string>): Answer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return noAnswer(`pip-audit wrote no JSON: ${excerpt(text) || 'nothing at all'}`);
  }
  const report = Report.safeParse(value);
  if (!report.success) return noAnswer(`pip-audit wrote no report: ${excerpt(text)}`);
  const advisories = new Map<string, Vulnerability['advisory'][]>();
  for (const item of report.data.dependencies) {
    if ('skip_reason' in item) return noAnswer(`pip-audit skipped ${item.name}: ${excerpt(item.skip_reason)}`);
    advisories.set(
      normalName(item.name),
      item.vulns.map(({ id, aliases, description, fix_versions: versions }) => ({
        id,
        aliases,
        title: excerpt(description) || id,
        severity: null,
        url: null,
        fix: versions.length === 0 ? null : { kind: 'since', versions },
      })),
    );
  }
  const missing = [...versions.keys()].find((name) => !advisories.has(name));
  return missing === undefined ? { kind: 'looked', advisories } : noAnswer(`pip-audit says nothing of ${missing}`);
}

function noAnswer(why: string): Answer {
  return { kind: 'not-looked', why };
}

/** Python ends a trace with the reason. */
function lastLine(text: string): string {
  return excerpt(text.trim().split('\n').at(-1) ?? '');
}
