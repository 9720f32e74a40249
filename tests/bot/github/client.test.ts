import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { clientWith, fetchWithin } from '#bot/github/client.ts';
import { comeBackAt } from '#bot/github/refusal.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const answer =
  (status: number, headers: Record<string, string> = {}, message = 'Something'): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ message, id: 1 }));
  };
/** Takes the request and says nothing. */
const silence: Answer = () => undefined;

let close = async (): Promise<void> => {};
afterEach(() => close());

/** A server that gives the answers in turn, the last one for ever, and a client of it. */
async function serverThat(...answers: readonly [Answer, ...Answer[]]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    (answers[asked.length - 1] ?? answers.at(-1)!)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const Client = clientWith({ manners: 'github', secondMs: 1 });
  const client = new Client({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    auth: { token: 'a-token' },
    log: pino({ level: 'silent' }),
    request: { fetch: fetchWithin(300) },
  });
  const read = () => client.rest.repos.get({ owner: 'o', repo: 'r' });
  const write = () => client.rest.checks.create({ owner: 'o', repo: 'r', name: 'gate', head_sha: 'a' });
  const failure = (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => Promise.reject(new Error('It did not fail.')),
      (error: Error) => error,
    );
  return { asked, read, write, failure };
}

describe('the client, when GitHub misbehaves', () => {
  it('asks again for what it only reads', async () => {
    const { asked, read } = await serverThat(answer(502), answer(500), answer(200));
    expect((await read()).status).toBe(200);
    expect(asked).toHaveLength(3);
  });

  it('sends no write twice: one whose answer was lost may have been done', async () => {
    const { asked, write, failure } = await serverThat(answer(502));
    expect(await failure(write())).toMatchObject({ status: 502 });
    expect(asked).toEqual(['POST /repos/o/r/check-runs']);
  });

  it.each([405, 409, 422, 403, 404])('takes %i for the answer it is', async (status) => {
    const { asked, read, failure } = await serverThat(answer(status));
    expect(await failure(read())).toMatchObject({ status });
    expect(asked).toHaveLength(1);
  });

  it('waits here for a limit that is lifted soon', async () => {
    const soon = String(Math.floor(Date.now() / 1000) + 2);
    const { asked, read } = await serverThat(
      answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }),
      answer(403, { 'retry-after': '5' }, 'You have exceeded a secondary rate limit'),
      answer(200),
    );
    expect((await read()).status).toBe(200);
    expect(asked).toHaveLength(3);
  });

  it('leaves a limit that lasts to the job, which comes back when it was told', async () => {
    const later = Math.floor(Date.now() / 1000) + 1800;
    const { asked, read, failure } = await serverThat(
      answer(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(later) }),
    );
    expect(comeBackAt(await failure(read()), 0)).toBe(3_600_000);
    expect(asked).toHaveLength(1);
  });

  it('leaves a secondary limit to the job, reading and writing', async () => {
    const { asked, read, write, failure } = await serverThat(answer(429, { 'retry-after': '60' }, 'secondary rate limit'));
    expect(comeBackAt(await failure(write()), 0)).toBe(60_000);
    expect(comeBackAt(await failure(read()), 0)).toBe(60_000);
    expect(asked).toHaveLength(2);
  });

  it('gives up on an answer that never comes', async () => {
    const { asked, write, failure } = await serverThat(silence);
    expect((await failure(write())).message).toMatch(/timeout/i);
    expect(asked).toHaveLength(1);
  });
});
