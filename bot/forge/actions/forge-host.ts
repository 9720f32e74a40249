import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installApp, registerApp } from '#bot/forge/administration.ts';
import { issueInstallationToken } from '#bot/forge/auth/tokens.ts';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { git, gitEnvironment } from '#bot/forge/git/run-git.ts';
import { appById, installationFor, repositoryByName } from '#bot/forge/queries/accounts.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { RatchetError } from '#engine/errors.ts';
import type { RunnerHost } from './runner-host.ts';

/** What this machine lends to the jobs of workflows. */
export interface ActionsOptions {
  /** Variables their processes start with; by default where programs are, and nothing else. */
  readonly machine?: Readonly<Record<string, string>>;
  /** Repositories of elsewhere, as `owner/name`, by the folder of a clone that stands in for them. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** Every permission a workflow may ask for; each job gets its own share. */
const EVERYTHING = {
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
  checks: 'write',
  statuses: 'write',
  deployments: 'write',
} as const;

/** The forge as the machine under a run. */
export function forgeHost(
  forge: ForgeContext,
  repository: RepositoryRow,
  options: ActionsOptions,
  stops: Set<() => void>,
): RunnerHost {
  const cacheDir = join(forge.dir, 'actions', 'cache');
  mkdirSync(cacheDir, { recursive: true });
  return {
    machine: options.machine ?? { PATH: process.env.PATH ?? '' },
    cacheDir,
    async checkout({ repository: named, ref, into }) {
      mkdirSync(into, { recursive: true });
      const source = sourceOf(forge, repository, options, named);
      const commit =
        ref === '' ? 'HEAD' : ((await resolveCommit(source, ref)) ?? (await resolveCommit(source, `refs/heads/${ref}`)));
      if (commit === null) throw new RatchetError('forge/no-commit', `There is no commit ${ref}.`, 'Push it first.', { ref });
      await git(join(into, '.git'), ['clone', '--quiet', '--shared', '--no-checkout', source, into], { env: gitEnvironment() });
      await git(join(into, '.git'), [`--work-tree=${into}`, 'checkout', '--quiet', '--detach', commit]);
    },
    async appToken({ appId, privateKey, permissions }) {
      const app = /^\d+$/.test(appId) ? appById(forge.database, Number(appId)) : undefined;
      const installation = app === undefined ? undefined : installationFor(forge.database, app.id, repository.id);
      if (app === undefined || installation === undefined || publicHalf(privateKey) !== publicHalf(app.public_key))
        throw new RatchetError(
          'forge/no-app',
          'This App is not installed here, or the key is not its own.',
          'See variables and secrets.',
        );
      return issueInstallationToken(forge, installation.id, { metadata: 'read', ...permissions }, [repository.id]).token;
    },
    onStop(stop) {
      stops.add(stop);
      return () => void stops.delete(stop);
    },
  };
}

function sourceOf(forge: ForgeContext, repository: RepositoryRow, { elsewhere }: ActionsOptions, named: string | null): string {
  if (named === null || named === `${repository.owner}/${repository.name}`) return gitDirOf(forge, repository);
  const clone = elsewhere?.[named];
  if (clone !== undefined) return join(clone, '.git');
  const [owner = '', name = ''] = named.split('/');
  const other = repositoryByName(forge.database, owner, name);
  if (other?.visibility === 'public') return gitDirOf(forge, other);
  throw new RatchetError(
    'forge/no-repository',
    `This forge has no ${named}, and nothing stands in for it.`,
    'Run this workflow on GitHub.',
  );
}

/** The App that `github.token` belongs to: made when the first job needs it. */
export function jobTokens(
  forge: ForgeContext,
  repository: RepositoryRow,
): (permissions: Readonly<Record<string, string>>) => string {
  const { appId } = registerApp(forge, {
    slug: 'github-actions',
    name: 'GitHub Actions',
    permissions: EVERYTHING,
    events: [],
    webhookUrl: '',
    webhookSecret: 'nothing is sent to it',
  });
  const { installationId } = installApp(forge, appId, repository);
  return (permissions) =>
    issueInstallationToken(forge, installationId, { metadata: 'read', ...permissions }, [repository.id]).token;
}

function publicHalf(pem: string): string | null {
  try {
    const key = pem.includes('PRIVATE') ? createPublicKey(createPrivateKey(pem)) : createPublicKey(pem);
    return key.export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    // Whatever it is, it is nobody's key.
    return null;
  }
}
