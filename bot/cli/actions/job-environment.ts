import { clientWith, fetchWithin } from '#bot/github/client.ts';
import type { Api, RepositoryName } from '#bot/github/repository-api.ts';
import { RatchetError } from '#engine/errors.ts';

/** What a job is told by its environment; nothing of it is ever taken from an event's text. */
export type JobEnvironment = Readonly<Record<string, string | undefined>>;

/** @throws RatchetError `actions/environment` */
export function fromEnvironment(environment: JobEnvironment, name: string, what: string): string {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  throw new RatchetError('actions/environment', `${name} is not set.`, `It holds ${what}; set it in the step's env.`, { name });
}

/** The repository the job runs for: GitHub sets it. */
export function repositoryOfJob(environment: JobEnvironment): RepositoryName {
  const full = fromEnvironment(environment, 'GITHUB_REPOSITORY', 'the repository, as owner/name');
  const [owner, name, ...rest] = full.split('/');
  if (owner !== undefined && owner !== '' && name !== undefined && name !== '' && rest.length === 0) return { owner, name };
  throw new RatchetError(
    'actions/environment',
    `GITHUB_REPOSITORY is ${full}, which is no owner/name.`,
    'GitHub Actions sets it.',
  );
}

/** GitHub's API with the one token the step was given. */
export function apiOfJob(environment: JobEnvironment): Api {
  const baseUrl = fromEnvironment(environment, 'GITHUB_API_URL', "the API's address");
  const token = fromEnvironment(environment, 'RATCHET_API_TOKEN', 'the token for the API');
  const Octokit = clientWith({ manners: new URL(baseUrl).hostname === '127.0.0.1' ? 'local' : 'github' });
  return new Octokit({ baseUrl, auth: { token }, request: { fetch: fetchWithin() } });
}

/** The App whose check runs and pull requests these are. */
export function appIdOfJob(environment: JobEnvironment): number {
  const text = fromEnvironment(environment, 'RATCHET_APP_ID', "the App's number");
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new RatchetError('actions/environment', `RATCHET_APP_ID is ${text}, which is no number.`, "Take it from the App's page.");
}
