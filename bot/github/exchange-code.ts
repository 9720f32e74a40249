import { randomBytes } from 'node:crypto';
import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { explain, RatchetError } from '#engine/errors.ts';
import { fetchWithin } from './client.ts';
import type { AppCredentials, AppFacts } from './credentials.ts';
import { statusBehind } from './refusal.ts';

const Conversion = z.looseObject({
  id: z.number().int().positive(),
  slug: z.string().min(1),
  name: z.string().min(1),
  html_url: z.string(),
  webhook_secret: z.string().nullish(),
  pem: z.string().min(1),
});

/** An App that GitHub has just made, with all that it will ever show of its secrets. */
export interface NewApp {
  readonly facts: AppFacts;
  readonly secrets: Omit<AppCredentials, 'appId'>;
}

/**
 * Exchanges the code that GitHub's page gave for the App's id, key and webhook secret: `POST /app-manifests/{code}/conversions`.
 * It works once, and within an hour.
 * @throws RatchetError `setup/code-spent` (404), `setup/refused` (422), `setup/unreachable` for what may work a moment later,
 * `setup/bad-answer`
 */
export async function exchangeCode(apiUrl: string, code: string): Promise<NewApp> {
  const octokit = new Octokit({ baseUrl: apiUrl, request: { fetch: fetchWithin() }, log: QUIET });
  const answer = await octokit.rest.apps.createFromManifest({ code }).catch((error: unknown) => {
    throw refusal(error);
  });
  const reading = Conversion.safeParse(answer.data);
  if (!reading.success) {
    throw new RatchetError(
      'setup/bad-answer',
      'GitHub’s answer to the code is not what its documentation says.',
      'Look on GitHub whether the App was made; remove it there, and start again.',
      { issue: reading.error.issues[0]?.path.join('.') },
    );
  }
  const { id, slug, name, html_url, pem, webhook_secret } = reading.data;
  return {
    facts: { appId: id, slug, name, url: html_url, apiUrl },
    // An App without webhooks has no secret; whoever turns them on later sets this one on its page.
    secrets: { privateKey: pem, webhookSecret: webhook_secret || randomBytes(32).toString('hex') },
  };
}

/** The library would print the code with every failure. */
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function refusal(error: unknown): RatchetError {
  const status = statusBehind(error);
  if (status === 404) {
    const message = 'GitHub does not know this code: it was used already, or is older than an hour.';
    return new RatchetError('setup/code-spent', message, 'Start again with ratchet bot setup.', { status }, error);
  }
  if (status === 422) {
    const why = explain(error).replace(/ - https?:\S+$/, '');
    return new RatchetError(
      'setup/refused',
      `GitHub refuses the code: ${why}.`,
      'Start again with ratchet bot setup.',
      { status },
      error,
    );
  }
  return new RatchetError(
    'setup/unreachable',
    'GitHub did not answer as it should when the code was exchanged.',
    'Load this page again; the code is good for an hour.',
    { status },
    error,
  );
}
