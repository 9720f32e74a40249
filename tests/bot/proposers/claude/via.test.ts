import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credential, Via } from '#bot/proposers/claude/access.ts';
import { clientFor } from '#bot/proposers/claude/client.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

/** The vendors' own clients over HTTP: what each place is asked, and what it is told with. */
const folder = temporaryFolder('model-via');
const VERTEX = { kind: 'vertex', project: 'my-project', region: 'us-east5' } as const;
const BEDROCK = { kind: 'bedrock', region: 'us-east-1' } as const;
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
let server: ModelServer;

beforeAll(async () => {
  server = await startModelServer('ya29.test-0123456789abcdefghij');
});
afterAll(async () => {
  await server?.close();
  folder.remove();
});

async function say(via: Via, base: string, credential: Credential = { kind: 'bearer', token: server.key }) {
  const access = { ...server.access({ modelMaxOutputTokens: 500 }), via, credential, baseUrl: `${server.url}${base}` };
  const model = Model.open({ access, dir: folder.path, clock: Date.now, log });
  try {
    return await model.say({
      purpose: 'decide',
      by: '20260302-1',
      system: [{ text: 'You decide.', cache: true }],
      messages: [{ role: 'user', content: 'What now?' }],
    });
  } finally {
    model.close();
  }
}

describe('a model through Vertex AI', () => {
  it('is asked at the place of its project and region, which names it, with the version in the body', async () => {
    server.reply({ kind: 'text', text: 'Wait.' });
    expect((await say(VERTEX, '/v1')).outcome).toMatchObject({ kind: 'answered', text: 'Wait.' });
    const [asked] = server.asked;
    expect(asked!.url).toBe(
      '/v1/projects/my-project/locations/us-east5/publishers/anthropic/models/claude-test-1:streamRawPredict',
    );
    expect(asked!.headers.authorization).toBe(`Bearer ${server.key}`);
    expect(asked!.headers).not.toHaveProperty('anthropic-version');
    expect(asked!.headers).not.toHaveProperty('x-api-key');
    expect(asked!.body).toEqual({
      anthropic_version: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      max_tokens: 500,
      stream: true,
      system: [{ type: 'text', text: 'You decide.', cache_control: { type: 'ephemeral' } }],
      messages: [{ role: 'user', content: 'What now?' }],
    });
  });

  it('is turned away like any other, and costs nothing then', async () => {
    server.reply({ kind: 'error', status: 429, type: 'rate_limit_error', headers: { 'retry-after': '3600' } });
    const { outcome, left, dailyTokens } = await say(VERTEX, '/v1');
    expect(outcome).toEqual({ kind: 'rate-limited', retryAfterMs: 3_600_000 });
    expect(server.asked).toHaveLength(1);
    expect(dailyTokens - left).toBe(1_234);
  });

  it.each([
    ['global', 'https://aiplatform.googleapis.com/v1'],
    ['us-east5', 'https://us-east5-aiplatform.googleapis.com/v1'],
  ])('of the region %s is at %s', (region, url) => {
    expect(placeOf({ ...VERTEX, region })).toBe(url);
  });
});

describe('a model through Amazon Bedrock', () => {
  it('is asked as its maker is, at the place of the region, with a Bedrock key', async () => {
    server.reply({ kind: 'text', text: 'Wait.' });
    expect((await say(BEDROCK, '/anthropic')).outcome).toMatchObject({ kind: 'answered', text: 'Wait.' });
    const [asked] = server.asked;
    expect(asked!.url).toBe('/anthropic/v1/messages');
    expect(asked!.headers.authorization).toBe(`Bearer ${server.key}`);
    expect(asked!.headers).toHaveProperty('anthropic-version');
    expect(asked!.headers).not.toHaveProperty('x-amz-date');
    expect(asked!.body).toMatchObject({ model: 'claude-test-1', max_tokens: 500, stream: true });
    expect(placeOf(BEDROCK)).toBe('https://bedrock-mantle.us-east-1.api.aws/anthropic');
  });
});

describe('a Google service account', () => {
  let tokens: TokenServer;
  beforeAll(async () => {
    tokens = await startTokenServer(publicKey);
  });
  afterAll(() => tokens?.close());
  const account = (change: Partial<Extract<Credential, { kind: 'service-account' }>> = {}) =>
    ({
      kind: 'service-account',
      email: 'bot@my-project.iam.gserviceaccount.com',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      tokenUrl: `${tokens.url}/token`,
      ...change,
    }) as const;

  it('signs for a token, which lets it in; neither it nor the private key is in anything that is kept', async () => {
    tokens.give(server.key);
    server.reply({ kind: 'key-back' });
    const exchange = await say(VERTEX, '/v1', account());
    expect(exchange.outcome).toMatchObject({ text: 'Your key is [the key]; you said Bearer [the key].' });
    expect(tokens.claims).toEqual([
      {
        iss: 'bot@my-project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
        aud: `${tokens.url}/token`,
        iat: expect.any(Number),
        exp: tokens.claims[0]!.iat + 3_600,
      },
    ]);
    expect(Math.abs(tokens.claims[0]!.iat - Date.now() / 1_000)).toBeLessThan(60);
    const said = JSON.stringify([exchange, lines]);
    expect(said).not.toContain(server.key);
    expect(said).not.toContain('PRIVATE KEY');
  });

  it.each([
    ['is refused', 401, { kind: 'key-refused', status: 401 }],
    ['meets trouble', 503, { kind: 'unavailable', status: 503 }],
  ] as const)('that %s asks the model nothing, and nothing is spent', async (_name, status, outcome) => {
    tokens.refuse(status);
    server.reply({ kind: 'text', text: 'Never said.' });
    const before = (await say(VERTEX, '/v1')).left;
    server.reply({ kind: 'text', text: 'Never said.' });
    const exchange = await say(VERTEX, '/v1', account());
    expect(exchange.outcome).toEqual(outcome);
    expect(server.asked).toEqual([]);
    expect(exchange.left).toBe(before);
  });

  it('whose place of tokens is not there says so', async () => {
    const gone = await startTokenServer(publicKey);
    await gone.close();
    const { outcome } = await say(VERTEX, '/v1', account({ tokenUrl: `${gone.url}/token` }));
    expect(outcome).toEqual({ kind: 'unreachable', what: 'for a token: ECONNREFUSED' });
  });
});

/** Where a vendor's client would go when nobody says where. */
function placeOf(via: Via): string {
  const client = clientFor({
    via,
    baseUrl: null,
    token: 'a-token-that-is-sent-nowhere',
    maxRetries: 0,
    timeoutMs: 1_000,
    middleware: (request, next) => next(request),
  });
  return client.baseURL;
}

interface TokenServer {
  readonly url: string;
  /** What was claimed under a signature that holds. */
  readonly claims: readonly { readonly iat: number }[];
  give(token: string): void;
  refuse(status: number): void;
  close(): Promise<void>;
}

/** Google's exchange of a signed claim for a token, on this machine. */
async function startTokenServer(key: KeyObject): Promise<TokenServer> {
  const claims: { iat: number }[] = [];
  let answer: { status: number; token: string } = { status: 500, token: '' };
  const http: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const [header = '', payload = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const isOurs =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      JSON.parse(Buffer.from(header, 'base64url').toString()).alg === 'RS256' &&
      verify(
        'RSA-SHA256',
        Buffer.from(`${header}.${payload}`),
        createPublicKey(key.export({ type: 'spki', format: 'pem' })),
        Buffer.from(signature, 'base64url'),
      );
    response.statusCode = isOurs ? answer.status : 400;
    response.setHeader('content-type', 'application/json');
    if (isOurs) claims.push(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    response.end(
      JSON.stringify(
        response.statusCode === 200 ? { access_token: answer.token, expires_in: 3_599 } : { error: 'invalid_grant' },
      ),
    );
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    claims,
    give: (token) => {
      answer = { status: 200, token };
    },
    refuse: (status) => {
      answer = { status, token: '' };
    },
    close: () =>
      new Promise((done) => {
        http.close(() => done());
        http.closeAllConnections();
      }),
  };
}
