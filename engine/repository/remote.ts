import { RatchetError } from '#engine/errors.ts';
import { GitFailure } from './git.ts';

/** Where a repository is fetched from and pushed to. */
export interface Remote {
  /** http(s), file, ssh, or a path. Carries no user name and no token. */
  readonly url: string;
  /** The value of the Authorization header, asked for at every command so that short-lived tokens stay fresh. */
  readonly authorization?: () => Promise<string> | string;
}

/** HTTP Basic as git hosts take tokens: `basicAuthorization('x-access-token', token)`. */
export function basicAuthorization(user: string, token: string): string {
  return `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
}

export function checkedRemote(remote: Remote): Remote {
  if (/^[a-z+]+:\/\/[^/]*@/i.test(remote.url) && !/^ssh:/i.test(remote.url)) {
    throw new RatchetError(
      'repository/token-in-url',
      'The remote address carries a user name or a token.',
      'Give the address without it and the token through authorization.',
    );
  }
  if (remote.url.startsWith('-')) {
    throw new RatchetError('repository/bad-remote', 'The remote address starts with a hyphen.', 'Give a URL or a path.');
  }
  return remote;
}

/** The header goes to this host only: a redirect elsewhere does not carry it. Paths and ssh know no header; an empty value sends none. */
export async function remoteConfig(remote: Remote): Promise<Record<string, string>> {
  if (remote.authorization === undefined || !/^https?:/i.test(remote.url)) return {};
  const value = await remote.authorization();
  if (value === '') return {};
  return { [`http.${new URL(remote.url).origin}/.extraHeader`]: `Authorization: ${value}` };
}

/**
 * Says what went wrong with a remote in one of three words:
 * `repository/moved` (somebody else was first: fetch and try again), `repository/denied` (the other side said no),
 * `repository/unreachable` (nothing or nonsense came back).
 */
export function remoteError(action: string, url: string, error: unknown): unknown {
  if (!(error instanceof GitFailure)) return error;
  const text = error.text;
  if (error.hasTimedOut) {
    return unreachable(action, url, 'no answer within the time limit', error);
  }
  if (
    /stale info|non-fast-forward|fetch first|cannot lock ref|failed to update ref|failed to lock|reference already exists/i.test(
      text,
    )
  ) {
    return new RatchetError(
      'repository/moved',
      `${action} on ${url} was refused because the branch has moved.`,
      'Fetch and do it again on the new commit.',
      { url },
      error,
    );
  }
  if (
    /remote rejected|protected branch|Authentication failed|could not read Username|returned error: 40[13]|Permission denied|access denied/i.test(
      text,
    )
  ) {
    return new RatchetError(
      'repository/denied',
      `${action} on ${url} was denied: ${ruleBroken(text) ?? lastLine(text)}`,
      'Check the token, its permission on contents, and whom the rules of the branch let write.',
      { url },
      error,
    );
  }
  return unreachable(action, url, lastLine(text), error);
}

function unreachable(action: string, url: string, why: string, cause: unknown): RatchetError {
  return new RatchetError(
    'repository/unreachable',
    `${action} on ${url} failed: ${why}.`,
    'Check the address and the network; it is tried again later.',
    { url },
    cause,
  );
}

/** What the rules of the branch have against it, where the other side names them; git's own last line says only that something failed. */
function ruleBroken(text: string): string | null {
  const lines = text.split('\n').map((line) => line.replace(/^remote:\s*/, '').trim());
  const begin = lines.findIndex((line) => /\bGH\d{3}:/.test(line));
  if (begin < 0) return null;
  const reasons = lines.slice(begin + 1).flatMap((line) => /^(?:- |error: )(?!failed to push)(.+)$/.exec(line)?.[1] ?? []);
  return [lines[begin]!.replace(/^error: /, ''), ...reasons].join(' ').slice(0, 300);
}

/** The line that carries the reason, without the header or the token that a verbose transport may echo. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /fatal:|error:|remote:|rejected/i.test(line)).at(-1) ?? lines.at(-1) ?? '';
  return telling.replace(/authorization:\s*\S+\s*\S*/gi, 'authorization: …').slice(0, 300);
}
