import { createHmac } from 'node:crypto';
import examples from '@octokit/webhooks-examples';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RatchetApp } from '#bot/github/app.ts';
import { JobQueue } from '#bot/github/job-queue.ts';
import { createWorld, owner, repo, type World, webhookSecret } from '#tests/bot/forge/forge-under-test.ts';

/**
 * Payloads that GitHub itself sent, as @octokit/webhooks-examples (MIT) records them, through the real webhook server. They are moved
 * to the repository that is listened to, and to today: a comment older than the queue remembers is no command any more.
 */
const RECORDED = examples as unknown as readonly { readonly name: string; readonly examples: readonly Payload[] }[];

interface Payload {
  readonly action?: string;
  readonly ref?: string;
  readonly comment?: { readonly user: { readonly type: string } };
}

let world: World;
let app: RatchetApp;
let queue: JobQueue;
const logged: string[] = [];

beforeAll(async () => {
  world = await createWorld();
  queue = JobQueue.open(`${world.dir}/queue.sqlite`);
  app = await RatchetApp.start({
    identity: {
      apiUrl: `${world.forge.url}/api/v3`,
      appId: world.app.appId,
      privateKey: world.app.privateKeyPem,
      webhookSecret,
    },
    repository: { owner, name: repo },
    queue,
    onJobs: () => {},
    port: 0,
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
  });
}, 60_000);
afterAll(async () => {
  await app?.close();
  queue?.close();
  await world?.close();
});

const today = new Date(Date.now() - 60_000).toISOString();

/** The recording as it would be sent today, about a pull request of its own. */
function dated(payload: Payload): string {
  const number = 1 + all.findIndex((one) => one.payload === payload);
  return JSON.stringify(payload, (key, value: unknown) => {
    if (key === 'created_at' || key === 'updated_at') return today;
    if (key === 'number') return number;
    return value;
  });
}

/** The same, sent by the repository that is listened to. */
function moved(payload: Payload): string {
  return dated(payload)
    .replaceAll('Codertocat', owner)
    .replaceAll('Hello-World', repo)
    .replaceAll('octo-org', owner)
    .replaceAll('octo-repo', repo);
}

async function send(event: string, delivery: string, body: string, signature = sign(body)): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${app.port}/webhooks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': delivery,
      'x-hub-signature-256': signature,
    },
    body,
  });
  await response.text();
  return response.status;
}

const sign = (body: string, secret = webhookSecret): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
const kinds = (): readonly string[] => queue.list().map(({ job }) => (job as { kind: string }).kind);
const forget = (): void => {
  for (let next = queue.take(); next !== null; next = queue.take()) queue.finish(next.id);
};

const all = RECORDED.flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ name, payload, delivery: `${name}-${index}` })),
);

describe('what GitHub really sends', { timeout: 60_000 }, () => {
  it('is taken whatever it is, and only what the bot follows becomes a job', async () => {
    const heard = new Map<string, Set<string>>();
    for (const { name, payload, delivery } of all) {
      const before = queue.list().length;
      expect(await send(name, delivery, moved(payload)), delivery).toBe(200);
      const event = payload.action === undefined ? name : `${name}.${payload.action}`;
      for (const kind of kinds().slice(before)) heard.set(event, (heard.get(event) ?? new Set()).add(kind));
      forget();
    }
    expect(all.length).toBeGreaterThan(250);
    const followed = [...heard].flatMap(([event, jobs]) => [...jobs].map((job) => `${event} → ${job}`)).sort();
    expect(followed).toContain('issue_comment.created → comment');
    expect(followed).toContain('pull_request.opened → gates');
    expect(followed).toContain('pull_request.synchronize → gates');
    // Nothing that was edited, deleted, labelled, starred, bought or deployed makes the bot do anything.
    const allowed =
      /^(issue_comment\.created|issues\.edited|pull_request\.(opened|synchronize|reopened|edited|closed)|push|check_run\.rerequested|check_suite\.rerequested|merge_group\.checks_requested) /;
    expect(followed.filter((line) => !allowed.test(line))).toEqual([]);
    expect(logged.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
  });

  it('is taken once: the same deliveries again add nothing', async () => {
    for (const { name, payload, delivery } of all.filter((one) => one.name === 'issue_comment' || one.name === 'pull_request')) {
      expect(await send(name, delivery, moved(payload))).toBe(200);
    }
    expect(queue.list()).toEqual([]);
  });

  it('is refused with a wrong signature, and remembered by nobody', async () => {
    const comment = all.find(({ name, payload }) => name === 'issue_comment' && payload.action === 'created')!;
    const body = moved(comment.payload);
    expect(await send('issue_comment', 'forged', body, sign(body, 'another secret of somebody'))).toBe(400);
    expect(await send('issue_comment', 'forged', body, 'sha256=00')).toBe(400);
    expect(queue.list()).toEqual([]);
  });

  it('about another repository is nothing to the bot', async () => {
    const comment = all.find(({ name, payload }) => name === 'issue_comment' && payload.action === 'created')!;
    const body = dated(comment.payload).replace(/"id":\d+/g, '"id":4242');
    expect(await send('issue_comment', 'elsewhere', body)).toBe(200);
    expect(queue.list()).toEqual([]);
    // It is where it was written that keeps it out: the very same from here is a command's comment.
    const here = moved(comment.payload).replace(/"id":\d+/g, '"id":4242');
    expect(await send('issue_comment', 'from-here', here)).toBe(200);
    expect(kinds()).toEqual(['comment']);
    forget();
  });
});
