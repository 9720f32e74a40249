import { InvalidArgumentError } from 'commander';
import type { MlflowAccess } from '#bot/runs/mlflow/mlflow-client.ts';

/** A parser for `.option()`: where an MLflow server stands. A password in it would end up in shell histories and messages. */
export function mlflowUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw new InvalidArgumentError('It must be an address like https://mlflow.example.org.');
  if (url.username !== '' || url.password !== '')
    throw new InvalidArgumentError(
      'Leave user and password out: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD say them.',
    );
  return url.href.replace(/\/+$/, '');
}

/** How the server lets this person in, by the variables that every client of MLflow reads; a token before a password. */
export function mlflowAccess(url: string, environment: Readonly<Record<string, string | undefined>>): MlflowAccess {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = environment;
  if (token) return { url, authorization: `Bearer ${token}` };
  if (!user || !password) return { url, authorization: null };
  return { url, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
