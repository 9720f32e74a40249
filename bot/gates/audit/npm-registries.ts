import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from './run-tool.ts';
import type { AuditSettings } from './scan.ts';

type Asking = Pick<AuditSettings, 'npm' | 'timeoutMs'>;

/** What each npm said; it says the same for as long as it is installed. */
const known = new Map<string, Promise<string | null>>();

/**
 * The registry npm uses when nobody has told it another, with a slash at its end: the one a public lock file names. It is asked of npm,
 * which knows, without anybody's configuration. Null when npm does not say.
 */
export function ownRegistry({ npm, timeoutMs }: Asking): Promise<string | null> {
  const answer = known.get(npm) ?? askOwn(npm, timeoutMs);
  known.set(npm, answer);
  return answer;
}

/** Where the packages stand that advisories are asked about: npm's own registry, and the one that was named. */
export async function npmRegistries(settings: Asking & Pick<AuditSettings, 'npmRegistry'>): Promise<readonly string[]> {
  const named = settings.npmRegistry === null ? null : withSlash(settings.npmRegistry);
  return [await ownRegistry(settings), named].filter((registry) => registry !== null);
}

async function askOwn(npm: string, timeoutMs: number): Promise<string | null> {
  const empty = await mkdtemp(join(tmpdir(), 'ratchet-npm-'));
  try {
    const nothing = [`--userconfig=${join(empty, 'user')}`, `--globalconfig=${join(empty, 'global')}`];
    const run = await runTool(npm, ['config', 'get', 'registry', ...nothing], empty, timeoutMs, 'as-shipped');
    const address = run.kind === 'ended' ? run.stdout.trim() : '';
    return /^https?:\/\/\S+$/.test(address) ? withSlash(address) : null;
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}

function withSlash(address: string): string {
  return `${address.replace(/\/+$/, '')}/`;
}
