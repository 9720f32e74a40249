import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { RatchetError } from '#engine/errors.ts';
import type { RunnerHost } from './runner-host.ts';

/** Beside what is cached stands its key, whole: whoever restores may know only how it begins. */
const KEY_FILE = '.key';

/** A step that is an action. */
export interface ActionCall {
  /** `actions/checkout` */
  readonly action: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly workspace: string;
  readonly artefacts: string;
  /** Filled by the action. */
  readonly outputs: Record<string, string>;
  readonly say: (line: string) => void;
  /** From here on the log does not show it. */
  readonly hide: (secret: string) => void;
  /** Runs when the steps are done. */
  readonly afterJob: (work: () => Promise<void>) => void;
}

/** No action's code runs here; these do what the well-known ones are used for. Another one is a failure, never a silent success. */
export async function standIn(call: ActionCall, host: RunnerHost): Promise<void> {
  const { action, inputs, say } = call;
  switch (action) {
    case 'actions/checkout':
      return checkout(call, host);
    case 'actions/setup-node':
    case 'actions/setup-python':
      return say('This machine has its own.');
    case 'actions/cache':
      restore(call, host);
      return call.afterJob(async () => save(call, host));
    case 'actions/cache/restore':
      return restore(call, host);
    case 'actions/cache/save':
      return save(call, host);
    case 'actions/upload-artifact':
      return upload(call);
    case 'actions/download-artifact':
      return copy(join(call.artefacts, safe(inputs.name ?? 'artifact')), inputs.path ?? call.workspace);
    case 'actions/create-github-app-token':
      return appToken(call, host);
    default:
      throw new RatchetError(
        'forge/unknown-action',
        `This forge has no stand-in for ${action}.`,
        'Run this workflow on GitHub.',
        { action },
      );
  }
}

async function checkout({ inputs, workspace, say }: ActionCall, host: RunnerHost): Promise<void> {
  const into = join(workspace, inputs.path ?? '.');
  await host.checkout({ repository: inputs.repository ?? null, ref: inputs.ref ?? '', into });
  say(`Checked out ${inputs.repository ?? 'this repository'} at ${inputs.ref ?? 'the commit of the run'}.`);
}

async function appToken({ inputs, outputs, hide }: ActionCall, host: RunnerHost): Promise<void> {
  const permissions = Object.entries(inputs).flatMap(([name, level]) =>
    name.startsWith('permission-') ? [[name.slice('permission-'.length).replaceAll('-', '_'), level] as const] : [],
  );
  const token = await host.appToken({
    appId: inputs['app-id'] ?? '',
    privateKey: inputs['private-key'] ?? '',
    permissions: Object.fromEntries(permissions),
  });
  hide(token);
  outputs.token = token;
}

function cacheOf(key: string, host: RunnerHost): string {
  return join(host.cacheDir, createHash('sha256').update(key).digest('hex'));
}

/** The key that is there: the very one, or the newest that begins with one of `restore-keys`, in their order; null for none. */
function foundKey({ key = '', 'restore-keys': prefixes = '' }: ActionCall['inputs'], host: RunnerHost): string | null {
  if (existsSync(cacheOf(key, host))) return key;
  if (!existsSync(host.cacheDir)) return null;
  const names = readdirSync(host.cacheDir).filter((name) => name.endsWith(KEY_FILE));
  const newest = names
    .map((name) => join(host.cacheDir, name))
    .toSorted((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs)
    .map((path) => readFileSync(path, 'utf8'))
    .filter((other) => existsSync(cacheOf(other, host)));
  for (const prefix of prefixes.split('\n').filter((line) => line !== '')) {
    const other = newest.find((candidate) => candidate.startsWith(prefix));
    if (other !== undefined) return other;
  }
  return null;
}

function restore(call: ActionCall, host: RunnerHost): void {
  const key = foundKey(call.inputs, host);
  call.outputs['cache-hit'] = String(key !== null && key === call.inputs.key);
  if (key !== null) copy(cacheOf(key, host), call.inputs.path ?? '');
  call.say(key === null ? `Nothing cached as ${call.inputs.key}.` : `Restored ${key}.`);
}

/** What a key holds never changes; a cache that a kill left half made is not there. */
function save(call: ActionCall, host: RunnerHost): void {
  const { path = '', key = '' } = call.inputs;
  const cached = cacheOf(key, host);
  if (existsSync(cached) || !existsSync(path)) return;
  const fresh = `${cached}.new`;
  rmSync(fresh, { recursive: true, force: true });
  copy(path, fresh);
  writeFileSync(`${cached}${KEY_FILE}`, key);
  renameSync(fresh, cached);
  call.say(`Saved ${call.inputs.key}.`);
}

function upload({ inputs, artefacts, say }: ActionCall): void {
  const { path = '', name = 'artifact' } = inputs;
  if (!isAbsolute(path) || !existsSync(path)) {
    throw new RatchetError('forge/no-files', `There are no files at ${path} to hand over.`, 'See the step before.', { path });
  }
  const into = join(artefacts, safe(name));
  if (statSync(path).isDirectory()) copy(path, into);
  else copy(path, join(into, basename(path)));
  say(`Handed over ${name}: ${readdirSync(into).join(', ')}.`);
}

function copy(from: string, to: string): void {
  if (!existsSync(from))
    throw new RatchetError('forge/no-files', `There is nothing at ${basename(from)}.`, 'See the job that should have left it.');
  mkdirSync(join(to, '..'), { recursive: true });
  cpSync(from, to, { recursive: true });
}

function safe(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new RatchetError(
    'forge/bad-artefact',
    `${name} cannot be the name of an artefact.`,
    'Use letters, digits, ".", "_" and "-".',
  );
}
