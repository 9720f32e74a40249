import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type ModelAccess, ModelSettings, takeModelAccess } from '#bot/proposers/claude/settings.ts';

/** How the server answers a request: as the API does, or as it should not. */
export type ModelReply =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly stopReason?: string;
      readonly usage?: Partial<ReplyUsage>;
      readonly model?: string;
    }
  /** An error as the API writes it, whatever its status. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly type: string;
      readonly message?: string;
      readonly headers?: Headers_;
    }
  /** An error event in the midst of an answer that began well. */
  | { readonly kind: 'error-midway'; readonly type: string }
  /** The connection breaks: in the midst of the answer, or before one. */
  | { readonly kind: 'cut'; readonly where: 'before' | 'midway' | 'between-events' }
  /** Nothing more comes: before the answer, or in its midst. */
  | { readonly kind: 'silence'; readonly where: 'before' | 'midway' }
  /** 200, and then whatever this is. */
  | { readonly kind: 'raw'; readonly body: string; readonly contentType?: string }
  /** Says the key back that it was given. */
  | { readonly kind: 'key-back' };

type Headers_ = Readonly<Record<string, string>>;

interface ReplyUsage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
}

/** Where a model is asked: its maker's own place, Bedrock's, and Vertex's, which has the model's name in it. */
const PLACES =
  /^(?:\/anthropic)?\/v1\/messages$|^\/v1\/projects\/[^/]+\/locations\/[^/]+\/publishers\/anthropic\/models\/([^/]+):streamRawPredict$/;

const Body = z.looseObject({
  max_tokens: z.int(),
  stream: z.literal(true),
  system: z.array(z.looseObject({ type: z.literal('text'), text: z.string().min(1) })),
  messages: z.array(z.looseObject({ role: z.string(), content: z.string() })),
});

export interface AskedOfModel {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: z.infer<typeof Body>;
}

export interface ModelServer {
  readonly url: string;
  /** The key it lets in. */
  readonly key: string;
  /** Requests, in order, those it turned away too. */
  readonly asked: readonly AskedOfModel[];
  /** The next answers, one a request; when there is none left the last one is given again. */
  reply(...replies: readonly ModelReply[]): void;
  /** Resolves when a request has come whose answer does not. */
  readonly silent: () => Promise<void>;
  /** What a bot is configured with to ask it. */
  access(settings?: Partial<z.input<typeof ModelSettings>>): ModelAccess;
  close(): Promise<void>;
}

const USAGE: ReplyUsage = {
  input_tokens: 1_200,
  output_tokens: 34,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/** A model's API as far as one call needs it, on this machine, as each of those who offer it has it: a request, and a stream for an answer. */
export async function startModelServer(key = 'sk-ant-test-0123456789abcdefghij'): Promise<ModelServer> {
  const asked: AskedOfModel[] = [];
  let replies: ModelReply[] = [{ kind: 'text', text: 'All is well.' }];
  let number = 0;
  let heardSilence: () => void = () => {};
  let silence = new Promise<void>((resolve) => {
    heardSilence = resolve;
  });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    number += 1;
    response.setHeader('request-id', `req_test_${number}`);
    const place = PLACES.exec(request.url ?? '');
    if (request.method !== 'POST' || place === null) return error(response, 404, 'not_found_error', 'No such route.');
    const isVertex = place[1] !== undefined;
    const body = Body.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    asked.push({ url: request.url!, headers: request.headers, body });
    if (request.headers.authorization !== `Bearer ${key}`)
      return error(response, 401, 'authentication_error', 'invalid bearer token');
    if ((isVertex ? body.anthropic_version : request.headers['anthropic-version']) === undefined)
      return error(response, 400, 'invalid_request_error', 'anthropic-version: required');
    const model = z.string().safeParse(isVertex ? place[1] : body.model);
    if (!model.success || (isVertex && body.model !== undefined))
      return error(response, 400, 'invalid_request_error', 'model: it is named elsewhere');
    const reply = replies.length > 1 ? replies.shift()! : replies[0]!;
    if (reply.kind === 'silence') {
      if (reply.where === 'midway') begin(response, model.data, USAGE);
      heardSilence();
      return;
    }
    answer(reply, response, { model: model.data, authorization: request.headers.authorization, key });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    key,
    asked,
    reply: (...next) => {
      replies = [...next];
      asked.length = 0;
      silence = new Promise((resolve) => {
        heardSilence = resolve;
      });
    },
    silent: () => silence,
    access: (settings = {}) => {
      const parsed = ModelSettings.parse({ model: 'claude-test-1', modelBaseUrl: url, ...settings });
      return takeModelAccess(parsed, { ANTHROPIC_API_KEY: key })!;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(
  reply: Exclude<ModelReply, { kind: 'silence' }>,
  response: ServerResponse,
  { model, authorization, key }: { readonly model: string; readonly authorization: string; readonly key: string },
): void {
  switch (reply.kind) {
    case 'text':
      // An alias is answered to by the model it stands for.
      begin(response, reply.model ?? model, { ...USAGE, ...reply.usage });
      end(response, reply.text, reply.stopReason ?? 'end_turn', { ...USAGE, ...reply.usage });
      return;
    case 'error':
      for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
      error(response, reply.status, reply.type, reply.message ?? reply.type);
      return;
    case 'error-midway':
      begin(response, model, USAGE);
      event(response, { type: 'error', error: { type: reply.type, message: reply.type } });
      response.end();
      return;
    case 'cut':
      if (reply.where === 'before') return void response.destroy();
      begin(response, model, USAGE);
      if (reply.where === 'between-events') return void response.end();
      // In the midst of an event, once the first ones are on their way.
      response.write('event: content_block_delta\ndata: {"type":"content_blo', () => response.destroy());
      return;
    case 'raw':
      response.setHeader('content-type', reply.contentType ?? 'text/event-stream; charset=utf-8');
      response.end(reply.body);
      return;
    case 'key-back':
      begin(response, model, USAGE);
      end(response, `Your key is ${key}; you said ${authorization}.`, 'end_turn', USAGE);
      return;
    default:
      reply satisfies never;
  }
}

function error(response: ServerResponse, status: number, type: string, message: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ type: 'error', error: { type, message }, request_id: response.getHeader('request-id') }));
}

function event(response: ServerResponse, data: { readonly type: string; readonly [name: string]: unknown }): void {
  response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
}

function begin(response: ServerResponse, model: string, usage: ReplyUsage): void {
  response.setHeader('content-type', 'text/event-stream; charset=utf-8');
  const message = {
    id: 'msg_01TestTestTestTestTestTe',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1, service_tier: 'standard' },
  };
  event(response, { type: 'message_start', message });
  event(response, { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  event(response, { type: 'ping' });
  event(response, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '' } });
}

function end(response: ServerResponse, text: string, stopReason: string, usage: ReplyUsage): void {
  // In two parts, as words come.
  for (const part of [text.slice(0, text.length / 2), text.slice(text.length / 2)])
    event(response, { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: part } });
  event(response, { type: 'content_block_stop', index: 0 });
  event(response, {
    type: 'message_delta',
    delta: { stop_reason: stopReason, stop_sequence: null, ...(stopReason === 'refusal' ? { stop_details: REFUSAL } : {}) },
    usage: { output_tokens: usage.output_tokens },
  });
  event(response, { type: 'message_stop' });
  response.end();
}

const REFUSAL = { type: 'refusal', category: 'cyber', explanation: null };
