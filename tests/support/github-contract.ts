import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { OverheardAnswer } from '#bot/forge/overheard.ts';

/**
 * GitHub's published contract as a judge of answers and webhooks. It knows every operation and event the bot uses; what is asked outside of
 * it is judged by the component named in `outside`, and what is in neither is itself a violation: nothing passes unlooked at.
 */

interface Schema {
  [key: string]: unknown;
}
interface Operation {
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Schema }> }>;
}
interface Contract {
  paths: Record<string, Record<string, Operation>>;
  'x-webhooks': Record<string, { post: { requestBody: { content: Record<string, { schema: Schema }> } } }>;
  components: { schemas: Record<string, Schema>; responses: Record<string, { content?: Record<string, { schema: Schema }> }> };
}

const contractFile = new URL('../contracts/github-contract.slim.json', import.meta.url);
const contract = adapt(JSON.parse(readFileSync(contractFile, 'utf8'))) as Contract;
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;

// Most files look at each form a few times: what counts is how soon ajv has written its code, not how good the code is.
const ajv = new Ajv({
  strict: false,
  allErrors: false,
  validateFormats: true,
  inlineRefs: false,
  code: { optimize: false },
});
addFormats(ajv);
// A bot's address (`1+ratchet[bot]@users…`) is no address to the format's pattern.
ajv.addFormat('email', /^\S+@\S+$/);
ajv.addFormat('repo.nwo', /^[^/]+\/[^/]+$/);
ajv.addSchema({ ...contract, $id: 'github' });

/** OpenAPI 3.0 said as JSON Schema: `nullable` becomes a type, discriminators go, an address whose default is empty may be empty. */
function adapt(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(adapt);
  if (node === null || typeof node !== 'object') return node;
  const adapted: Schema = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'discriminator' || key === 'example' || key === 'examples') continue;
    adapted[key] = adapt(value);
  }
  if (adapted.format === 'uri' && adapted.default === '') delete adapted.format;
  if (adapted.nullable !== true) return adapted;
  delete adapted.nullable;
  if (typeof adapted.type !== 'string') return { anyOf: [adapted, { type: 'null' }] };
  adapted.type = [adapted.type, 'null'];
  if (Array.isArray(adapted.enum) && !adapted.enum.includes(null)) adapted.enum = [...adapted.enum, null];
  return adapted;
}

const component = (name: string): Schema => ({ $ref: `github#/components/schemas/${name}` });
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const counted = (list: string, items: Schema): Schema => ({
  type: 'object',
  required: ['total_count', list],
  properties: { total_count: { type: 'integer' }, [list]: listOf(items) },
});
const anything: Schema = {};
const nothing = null;

/** Operations the forge has beyond the contract's file, by the component of the contract that describes them. Null: an answer without a body. */
const outside: Record<string, Schema | null> = {
  'GET /user': component('simple-user'),
  'GET /users/{username}': component('simple-user'),
  'GET /apps/{app_slug}': component('integration'),
  'GET /app/installations': listOf(component('installation')),
  'GET /app/hook/config': { type: 'object', required: ['url'] },
  'PATCH /app/hook/config': { type: 'object', required: ['url'] },
  'GET /app/hook/deliveries': listOf({ type: 'object', required: ['id', 'guid', 'event', 'status_code', 'redelivery'] }),
  'GET /app/hook/deliveries/{delivery_id}': { type: 'object', required: ['id', 'guid', 'event', 'request', 'response'] },
  'POST /app/hook/deliveries/{delivery_id}/attempts': anything,
  'GET /installation/repositories': counted('repositories', component('repository')),
  'GET /repos/{owner}/{repo}/collaborators': listOf(component('simple-user')),
  'DELETE /repos/{owner}/{repo}/branches/{branch}/protection': nothing,
  'POST /repos/{owner}/{repo}/rulesets': component('repository-ruleset'),
  'GET /repos/{owner}/{repo}/rulesets/{ruleset_id}': component('repository-ruleset'),
  'PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}': component('repository-ruleset'),
  'DELETE /repos/{owner}/{repo}/rulesets/{ruleset_id}': nothing,
  'GET /repos/{owner}/{repo}/commits/{ref}/pulls': listOf(component('pull-request-simple')),
  'GET /repos/{owner}/{repo}/commits/{ref}/statuses': listOf(component('status')),
  'GET /repos/{owner}/{repo}/git/matching-refs/{ref}': listOf(component('git-ref')),
  'GET /repos/{owner}/{repo}/contents': listOf(anything),
  'GET /repos/{owner}/{repo}/readme': component('content-file'),
  'PUT /repos/{owner}/{repo}/contents/{path}': {
    type: 'object',
    required: ['content', 'commit'],
    properties: { commit: component('git-commit') },
  },
  'DELETE /repos/{owner}/{repo}/contents/{path}': {
    type: 'object',
    required: ['commit'],
    properties: { commit: component('git-commit') },
  },
  'GET /repos/{owner}/{repo}/issues': listOf(component('issue')),
  'PATCH /repos/{owner}/{repo}/issues/{issue_number}': component('issue'),
  'GET /repos/{owner}/{repo}/issues/comments': listOf(component('issue-comment')),
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}': component('issue-comment'),
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': nothing,
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': listOf(component('reaction')),
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions/{reaction_id}': nothing,
  'GET /repos/{owner}/{repo}/issues/{issue_number}/reactions': listOf(component('reaction')),
  'POST /repos/{owner}/{repo}/issues/{issue_number}/reactions': component('reaction'),
  'DELETE /repos/{owner}/{repo}/issues/{issue_number}/reactions/{reaction_id}': nothing,
  'GET /repos/{owner}/{repo}/labels': listOf(component('label')),
  'GET /repos/{owner}/{repo}/labels/{name}': component('label'),
  'PATCH /repos/{owner}/{repo}/labels/{name}': component('label'),
  'DELETE /repos/{owner}/{repo}/labels/{name}': nothing,
  'GET /repos/{owner}/{repo}/issues/{issue_number}/labels': listOf(component('label')),
  'PUT /repos/{owner}/{repo}/issues/{issue_number}/labels': listOf(component('label')),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/merge': nothing,
  'PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch': { type: 'object', required: ['message', 'url'] },
  // Written from GitHub's documentation: what a reader of remarks on lines needs.
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/comments': listOf({
    type: 'object',
    required: [
      'id',
      'node_id',
      'path',
      'commit_id',
      'user',
      'body',
      'created_at',
      'updated_at',
      'html_url',
      'author_association',
    ],
    properties: { user: component('simple-user'), body: { type: 'string' }, updated_at: { type: 'string', format: 'date-time' } },
  }),
  'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}': component('pull-request-review'),
  'POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events': component('pull-request-review'),
  'PUT /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals': component('pull-request-review'),
  'POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest': anything,
  'GET /repos/{owner}/{repo}/check-suites/{check_suite_id}': component('check-suite'),
  'GET /repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs': counted('check_runs', component('check-run')),
  'POST /repos/{owner}/{repo}/check-suites/{check_suite_id}/rerequest': anything,
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}': component('deployment'),
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': listOf(component('deployment-status')),
};

/** Written from GitHub's documentation: the contract's file has no component for these. */
const codeOwnersErrors: Schema = {
  type: 'object',
  required: ['errors'],
  properties: {
    errors: listOf({
      type: 'object',
      required: ['line', 'column', 'kind', 'message', 'path'],
      properties: {
        line: { type: 'integer' },
        column: { type: 'integer' },
        source: { type: 'string' },
        kind: { type: 'string' },
        suggestion: { type: ['string', 'null'] },
        message: { type: 'string' },
        path: { type: 'string' },
      },
    }),
  },
};
const workflowRun: Schema = {
  type: 'object',
  required: [
    'id',
    'node_id',
    'name',
    'path',
    'run_number',
    'event',
    'status',
    'conclusion',
    'head_branch',
    'head_sha',
    'actor',
    'url',
    'html_url',
    'created_at',
    'updated_at',
  ],
  properties: {
    id: { type: 'integer' },
    run_number: { type: 'integer' },
    status: { enum: ['queued', 'in_progress', 'completed'] },
    conclusion: { enum: ['success', 'failure', 'cancelled', null] },
    head_sha: { type: 'string', pattern: '^[0-9a-f]{40}$' },
    actor: component('simple-user'),
    created_at: { type: 'string', format: 'date-time' },
    updated_at: { type: 'string', format: 'date-time' },
  },
};
const workflowJob: Schema = {
  type: 'object',
  required: ['id', 'run_id', 'name', 'status', 'conclusion', 'started_at', 'completed_at', 'steps'],
  properties: {
    status: { enum: ['queued', 'in_progress', 'completed'] },
    conclusion: { enum: ['success', 'failure', 'skipped', 'cancelled', null] },
    steps: listOf({ type: 'object', required: ['name', 'status', 'conclusion', 'number'] }),
  },
};
Object.assign(outside, {
  'GET /repos/{owner}/{repo}/codeowners/errors': codeOwnersErrors,
  'POST /app-manifests/{code}/conversions': {
    allOf: [
      component('integration'),
      {
        type: 'object',
        required: ['client_id', 'client_secret', 'webhook_secret', 'pem'],
        properties: { pem: { type: 'string' } },
      },
    ],
  },
  'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': nothing,
  'GET /repos/{owner}/{repo}/actions/runs': counted('workflow_runs', workflowRun),
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}': workflowRun,
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs': counted('jobs', workflowJob),
});

/** Events outside the contract's file that have the form of one inside it, but for the action. */
const sameFormAs: Record<string, string> = {
  'issue-comment-deleted': 'issue-comment-created',
  'pull-request-labeled': 'pull-request-opened',
  'pull-request-unlabeled': 'pull-request-opened',
  'pull-request-review-dismissed': 'pull-request-review-submitted',
  'check-suite-rerequested': 'check-suite-requested',
};

interface Route {
  key: string;
  pattern: RegExp;
  /** How much of the address is fixed: the most particular of several that fit is meant. */
  fixed: number;
  known: Operation | null;
}

/** These parameters may hold slashes. */
const long = new Set(['branch', 'ref', 'path', 'base', 'head', 'tree_sha']);

const routes: Route[] = [
  ...Object.entries(contract.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => routeOf(`${method.toUpperCase()} ${path}`, operation)),
  ),
  ...Object.keys(outside).map((key) => routeOf(key, null)),
];

function routeOf(key: string, known: Operation | null): Route {
  const source = key
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replace(/\{(\w+)\}/g, (_, name: string) => (long.has(name) ? '.+?' : '[^/]+'));
  return { key, pattern: new RegExp(`^${source}$`), fixed: key.replace(/\{\w+\}/g, '').length, known };
}

const compiled = new Map<string, ValidateFunction>();

function problemWith(name: string, schema: Schema, value: unknown): string | null {
  const validate = compiled.get(name) ?? ajv.compile(schema);
  compiled.set(name, validate);
  if (validate(value)) return null;
  const error = validate.errors![0]!;
  return `${name}: ${error.instancePath || '/'} ${error.message ?? 'is wrong'} ${JSON.stringify(error.params)}`;
}

/** Every operation of the contract's file: method and path with its parameters in braces. */
export function contractOperations(): Array<{ method: string; path: string }> {
  return routes
    .filter((route) => route.known !== null)
    .map((route) => {
      const space = route.key.indexOf(' ');
      return { method: route.key.slice(0, space), path: route.key.slice(space + 1) };
    });
}

/** What is wrong with an answer, or null. `path` is relative to the API's root, without the query. */
export function responseProblem(method: string, path: string, status: number, body: string): string | null {
  const asked = `${method.toUpperCase()} ${decoded(path)}`;
  const route = routes.filter((candidate) => candidate.pattern.test(asked)).sort((a, b) => b.fixed - a.fixed)[0];
  const name = `${route?.key ?? asked} → ${status}`;
  if (status === 304) return body === '' ? null : `${name}: an answer "not modified" has a body`;
  if (status >= 400) return errorProblem(name, route, status, body);
  if (route === undefined) return `${name}: neither the contract nor the list beside it knows this operation`;
  const expected = route.known === null ? outside[route.key]! : schemaOf(route.known, status);
  if (expected === undefined) return `${name}: the contract does not know this status`;
  if (expected === null) return body === '' ? null : `${name}: the contract knows no body here`;
  return withJson(name, body, (value) => problemWith(name, expected, value));
}

/** An address that cannot be decoded names nothing, and is judged as it was written. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

function errorProblem(name: string, route: Route | undefined, status: number, body: string): string | null {
  const generic =
    status === 422 ? { anyOf: [component('validation-error'), component('validation-error-simple')] } : component('basic-error');
  const own = route?.known == null ? undefined : schemaOf(route.known, status);
  return withJson(name, body, (value) => {
    const complete = problemWith(
      `${name} (every error)`,
      { type: 'object', required: ['message', 'documentation_url', 'status'] },
      value,
    );
    // The two forms of a refused blob are so lax that each fits the other: any will do.
    const { oneOf, ...rest } = own ?? {};
    return complete ?? problemWith(name, oneOf === undefined ? (own ?? generic) : { ...rest, anyOf: oneOf }, value);
  });
}

function withJson(name: string, body: string, check: (value: unknown) => string | null): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return `${name}: the body is not JSON: ${body.slice(0, 80)}`;
  }
  return check(value);
}

/** Undefined: a status the contract does not list; null: one without a body. */
function schemaOf(operation: Operation, status: number): Schema | null | undefined {
  const response = operation.responses[String(status)];
  if (response === undefined) return undefined;
  const pointed = response.$ref === undefined ? response : contract.components.responses[response.$ref.split('/').at(-1)!]!;
  const schema = pointed.content?.['application/json']?.schema;
  return schema === undefined ? null : rooted(schema);
}

/** References inside a schema taken out of the document must still lead into it. */
function rooted(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/')) as Schema;
}

const composed: Record<string, Schema> = {
  issues: {
    type: 'object',
    required: ['action', 'issue', 'repository', 'sender'],
    properties: {
      action: { type: 'string' },
      issue: component('issue'),
      label: component('label'),
      repository: component('repository-webhooks'),
      sender: component('simple-user'),
    },
  },
};

/** What is wrong with a webhook's payload, or null. `event` is the X-GitHub-Event header. */
export function webhookProblem(event: string, payload: unknown): string | null {
  const action = (payload as { action?: string }).action;
  const own = action === undefined ? event : `${event}-${action}`;
  const name = own.replaceAll('_', '-');
  const twin = sameFormAs[name];
  const known = contract['x-webhooks'][twin ?? name];
  if (known !== undefined) {
    const judged = twin === undefined ? payload : { ...(payload as object), action: twin.split('-').at(-1) };
    return problemWith(`webhook ${name}`, rooted(known.post.requestBody.content['application/json']!.schema), judged);
  }
  const schema = composed[event];
  return schema === undefined
    ? `webhook ${name}: the contract does not know this event`
    : problemWith(`webhook ${name}`, schema, payload);
}

/** What is wrong with an answer as the forge itself overheard it, or null. Diffs, patches and raw files are text that no schema describes. */
export function overheardProblem({ method, path, status, contentType, body }: OverheardAnswer): string | null {
  if (status < 300 && status !== 204 && !contentType.includes('json')) return null;
  return responseProblem(method, path, status, body);
}

/** Watches answers and webhooks of one test; `assertKept` fails it when anything was out of contract. */
export interface ContractWatch {
  /** A fetch for Octokit that holds every answer against the contract. */
  fetch: typeof fetch;
  webhook(event: string, payload: unknown): void;
  /** How many answers and webhooks were looked at. */
  looked(): number;
  assertKept(): void;
}

/** `apiRoot` is what stands before the contract's paths, such as `http://127.0.0.1:1234/api/v3`. */
export function watchContract(apiRoot: () => string): ContractWatch {
  const problems: string[] = [];
  let looked = 0;
  return {
    async fetch(input, init) {
      const request = new Request(input, init);
      const response = await fetch(request);
      const url = new URL(request.url);
      const root = new URL(apiRoot());
      if (url.origin !== root.origin || !url.pathname.startsWith(root.pathname)) {
        problems.push(`${request.method} ${request.url} left the forge`);
        return response;
      }
      // Diffs, patches and raw files are text that no schema describes.
      const type = response.headers.get('content-type') ?? '';
      if (response.ok && response.status !== 204 && !type.includes('json')) return response;
      looked += 1;
      const path = url.pathname.slice(root.pathname.length) || '/';
      const problem = responseProblem(request.method, path, response.status, await response.clone().text());
      if (problem !== null) problems.push(problem);
      return response;
    },
    webhook(event, payload) {
      looked += 1;
      const problem = webhookProblem(event, payload);
      if (problem !== null) problems.push(problem);
    },
    looked: () => looked,
    assertKept() {
      if (problems.length > 0) throw new Error(`Out of GitHub's contract:\n${[...new Set(problems)].join('\n')}`);
    },
  };
}
