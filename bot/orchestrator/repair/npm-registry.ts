import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { folderOf } from '#bot/gates/audit/dependency-files.ts';
import { ownRegistry } from '#bot/gates/audit/npm-registries.ts';
import { runTool } from '#bot/gates/audit/run-tool.ts';
import { type AuditSettings, excerpt } from '#bot/gates/audit/scan.ts';
import { RatchetError } from '#engine/errors.ts';
import { editTexts } from './edit-texts.ts';
import type { Move } from './move.ts';
import { npmTreeIn, placesOf } from './npm-tree.ts';

const Refusal = z.object({ error: z.object({ code: z.string().nullish(), summary: z.string().nullish() }) });
const Versions = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
/** What npm says when the versions asked for do not go together; anything else is about the registry or the machine. */
const DOES_NOT_FIT = ['ERESOLVE', 'ETARGET', 'EOVERRIDE', 'ENOVERSIONS'];

/** Npm would not put the versions together: one clause. */
export interface NotFitting {
  readonly kind: 'not-fitting';
  readonly why: string;
}

/** Every published version of a package; none for a name that the registry does not know. @throws RatchetError `repair/registry` */
export async function npmVersions(name: string, settings: AuditSettings): Promise<readonly string[]> {
  return inScratch(async (dir) => {
    const value = await npm(['view', name, 'versions', '--json'], dir, settings);
    const refusal = Refusal.safeParse(value);
    if (refusal.success && refusal.data.error.code === 'E404') return [];
    if (refusal.success) throw registryAway(refusal.data.error.summary || refusal.data.error.code || 'it gave no reason');
    const versions = Versions.safeParse(value);
    if (!versions.success) throw registryAway(`its list of the versions of ${name} is none`);
    return versions.data;
  });
}

/**
 * Has npm write one lock anew with the moves in its manifests, in a folder that holds the dependency files and nothing else: nothing of
 * the repository's is run and nothing installed. Npm is asked twice, first for exactly the versions, so that it takes no newer ones, and
 * then with the ranges that stay.
 * @returns the texts that changed, or why npm would not
 * @throws RatchetError `repair/registry`
 */
export async function writeNpmLock(
  lockFile: string,
  moves: readonly Move[],
  files: ReadonlyMap<string, string>,
  settings: AuditSettings,
): Promise<ReadonlyMap<string, string> | NotFitting> {
  const before = files.get(lockFile)!;
  const edits = moves.flatMap((move) => move.edits.map((edit) => ({ edit, to: move.to })));
  const exact = editTexts(
    files,
    edits.map(({ edit, to }) => ('range' in edit ? { ...edit, range: to } : edit)),
  );
  const final = editTexts(
    files,
    edits.map(({ edit }) => edit),
  );
  return inScratch(async (dir) => {
    const put = async (texts: ReadonlyMap<string, string>): Promise<void> => {
      for (const [path, text] of texts) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), text);
      }
    };
    await put(new Map([...files, ...exact, [lockFile, withoutWeak(before, moves)]]));
    for (const texts of [exact, final]) {
      await put(texts);
      const refusal = Refusal.safeParse(await npm(installation(before), join(dir, folderOf(lockFile)), settings, dir));
      if (!refusal.success) continue;
      const { code, summary } = refusal.data.error;
      const why = excerpt(summary || code || 'it gave no reason');
      if (code != null && DOES_NOT_FIT.includes(code))
        return { kind: 'not-fitting', why: `npm does not put it together: ${why}` };
      throw registryAway(why);
    }
    const written = await readFile(join(dir, lockFile), 'utf8');
    return new Map([
      ...final,
      [lockFile, withAddressesAsBefore(written, before, settings.npmRegistry, await ownRegistry(settings))],
    ]);
  });
}

function installation(lockText: string): readonly string[] {
  const hasAddresses = /"resolved":\s*"https?:/.test(lockText);
  return [
    ...['install', '--package-lock-only', '--ignore-scripts', '--json', '--no-audit', '--no-fund'],
    ...['--include=prod', '--include=dev', '--include=optional', '--include=peer'],
    `--omit-lockfile-registry-resolved=${!hasAddresses}`,
  ];
}

/** Npm keeps what a lock has as long as it fits: the weak places are taken out, with what stands inside them. */
function withoutWeak(text: string, moves: readonly Move[]): string {
  const tree = npmTreeIn(text)!;
  const places = moves.flatMap(({ weak }) => placesOf(tree, weak.name, weak.version));
  const lock = JSON.parse(text) as { packages: Record<string, unknown> };
  for (const key of Object.keys(lock.packages))
    if (places.some((place) => key === place || key.startsWith(`${place}/`))) delete lock.packages[key];
  return JSON.stringify(lock, null, /^([\t ]+)"/m.exec(text)?.[1] ?? 2);
}

/** A lock names the registry of whoever wrote it; one that everybody installs from names npm's own. */
function withAddressesAsBefore(text: string, before: string, registry: string | null, own: string | null): string {
  if (registry === null || own === null || before.includes(registry) || !before.includes(own)) return text;
  return text.replaceAll(`"resolved": "${registry.replace(/\/*$/, '/')}`, `"resolved": "${own}`);
}

async function npm(
  args: readonly string[],
  dir: string,
  { npm: program, npmRegistry, timeoutMs }: AuditSettings,
  cacheRoot: string = dir,
): Promise<unknown> {
  // With less than errors, npm prints no JSON either.
  const quiet = ['--loglevel=error', '--logs-max=0', '--update-notifier=false', `--cache=${join(cacheRoot, '.cache')}`];
  const patient = ['--offline=false', '--fetch-retries=0', `--fetch-timeout=${timeoutMs}`];
  const where = npmRegistry === null ? [] : [`--registry=${npmRegistry}`];
  const run = await runTool(program, [...args, ...quiet, ...patient, ...where], dir, timeoutMs);
  if (run.kind === 'failed') throw registryAway(run.why);
  try {
    return JSON.parse(run.stdout);
  } catch (error) {
    throw registryAway(`npm printed no JSON: ${excerpt(run.stdout) || 'nothing at all'}`, error);
  }
}

async function inScratch<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'ratchet-repair-'));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function registryAway(why: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'repair/registry',
    `npm's registry gave no usable answer: ${excerpt(why).replace(/\.$/, '')}.`,
    'Nothing was pushed; it is tried again.',
    {},
    cause,
  );
}
