import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RatchetError } from '#engine/errors.ts';
import { gitEnvironment } from './run-git.ts';

export interface BackendCall {
  projectRoot: string;
  pathInfo: string;
  method: string;
  query: string;
  contentType: string;
  /** The value of the Git-Protocol header, which chooses version 2. */
  protocol: string;
  remoteUser: string;
  env: Readonly<Record<string, string>>;
  body: AsyncIterable<Buffer>;
  signal: AbortSignal;
}

export interface BackendAnswer {
  status: number;
  headers: Record<string, string>;
  body: Readable;
}

/** Runs `git http-backend` (CGI) on one request; the body streams both ways. */
export function runHttpBackend(call: BackendCall): Promise<BackendAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['http-backend'], {
      signal: call.signal,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: gitEnvironment({
        GIT_PROJECT_ROOT: call.projectRoot,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: call.pathInfo,
        REQUEST_METHOD: call.method,
        QUERY_STRING: call.query,
        CONTENT_TYPE: call.contentType,
        GIT_PROTOCOL: call.protocol,
        REMOTE_USER: call.remoteUser,
        REMOTE_ADDR: '127.0.0.1',
        ...call.env,
      }),
    });
    const failed = (cause: Error) =>
      reject(new RatchetError('forge/backend-failed', `git http-backend failed: ${cause.message}.`, 'Try again.', {}, cause));
    child.on('error', failed);
    // A client that goes away, or a git that has read enough, breaks this pipe; git's exit and the client see to the rest.
    pipeline(Readable.from(call.body), child.stdin).catch(() => child.stdin.destroy());
    readHead(child.stdout).then(resolve, failed);
  });
}

/** Splits the CGI header from the body, which goes on streaming. */
async function readHead(stdout: Readable): Promise<BackendAnswer> {
  const chunks = stdout.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let read = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const next = await chunks.next();
    if (next.done === true) throw new Error('it ended without an answer');
    read = Buffer.concat([read, next.value]);
    end = read.indexOf('\r\n\r\n');
  }
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of read.toString('latin1', 0, end).split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  const rest = read.subarray(end + 4);
  const body = Readable.from(
    (async function* () {
      if (rest.length > 0) yield rest;
      for (;;) {
        const next = await chunks.next();
        if (next.done === true) return;
        yield next.value;
      }
    })(),
  );
  return { status, headers, body };
}
