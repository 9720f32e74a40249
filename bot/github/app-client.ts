import { createAppAuth } from '@octokit/auth-app';
import { explain, RatchetError } from '#engine/errors.ts';
import { clientWith, fetchWithin, mannersAt } from './client.ts';
import { statusBehind } from './refusal.ts';
import { type Api, RepositoryApi, type RepositoryName } from './repository-api.ts';

export interface AppIdentity {
  readonly apiUrl: string;
  readonly appId: number;
  /** PEM. */
  readonly privateKey: string;
}

/** The App where it is installed, for a program that hears nothing: it asks, and goes. */
export interface InstalledApp {
  readonly api: RepositoryApi;
  readonly client: Api;
  /** `ratchet[bot]` */
  readonly login: string;
  /** What it may there, by GitHub's names. */
  readonly permissions: Readonly<Record<string, string | undefined>>;
  /** A token to push with; valid for an hour. */
  pushToken(): Promise<string>;
}

/** The App as itself, with a signed token: it may ask who it is and where it is installed. */
export function clientOfApp({ apiUrl, appId, privateKey }: AppIdentity): Api {
  const Client = clientWith({ manners: mannersAt(apiUrl) });
  const request = { fetch: fetchWithin() };
  return new Client({ baseUrl: apiUrl, request, authStrategy: createAppAuth, auth: { appId, privateKey } });
}

/** @throws RatchetError `github/not-installed`, `github/not-known`, `github/unreachable` */
export async function installedApp(identity: AppIdentity, repository: RepositoryName): Promise<InstalledApp> {
  const { apiUrl, appId, privateKey } = identity;
  const app = clientOfApp(identity);
  const { data } = await app.rest.apps
    .getRepoInstallation({ owner: repository.owner, repo: repository.name })
    .catch((error: unknown) => {
      throw notThere(error, identity, repository);
    });
  const Client = clientWith({ manners: mannersAt(apiUrl) });
  const client: Api = new Client({
    baseUrl: apiUrl,
    request: { fetch: fetchWithin() },
    authStrategy: createAppAuth,
    auth: { appId, privateKey, installationId: data.id },
  });
  return {
    api: new RepositoryApi(client, repository, appId),
    client,
    login: `${data.app_slug}[bot]`,
    permissions: data.permissions,
    pushToken: async () => (await app.rest.apps.createInstallationAccessToken({ installation_id: data.id })).data.token,
  };
}

/** Why the App cannot work in a repository, in words, with the reason below for whoever wants it. */
export function notThere(
  error: unknown,
  { appId, apiUrl }: Pick<AppIdentity, 'appId' | 'apiUrl'>,
  { owner, name }: RepositoryName,
): RatchetError {
  const details = { appId, apiUrl, repository: `${owner}/${name}` };
  const status = statusBehind(error);
  if (status === 404) {
    const message = `App ${appId} is not installed on ${owner}/${name}, or there is no such repository.`;
    return new RatchetError('github/not-installed', message, 'Install it there from its page on GitHub.', details, error);
  }
  if (status === 401) {
    const message = `${apiUrl} does not know App ${appId} by this private key.`;
    const remedy = 'Check the id, the key, and the clock of this machine: a token from the future counts for nothing.';
    return new RatchetError('github/not-known', message, remedy, details, error);
  }
  return new RatchetError(
    'github/unreachable',
    `${apiUrl} cannot be used: ${explain(error)}.`,
    'Try again later.',
    details,
    error,
  );
}
