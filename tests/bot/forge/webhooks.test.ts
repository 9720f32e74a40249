import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorld, eventually, owner, repo, seed, type World } from './forge-under-test.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await world.close();
  world.contract.assertKept();
});

const deliveries = async () => (await world.jwt().apps.listWebhookDeliveries({ per_page: 100 })).data;

describe('webhooks', () => {
  it('are signed, numbered once each, and name the installation', async () => {
    await seed(world);
    const installed = await world.webhook('installation', 'created');
    expect(installed.payload).toMatchObject({
      installation: { id: world.installationId, app_slug: 'ratchet' },
      repositories: [{ full_name: `${owner}/${repo}` }],
    });
    const push = await world.webhook('push');
    expect(push.payload.installation).toMatchObject({ id: world.installationId });
    expect(new Set(world.webhooks.map((hook) => hook.delivery)).size).toBe(world.webhooks.length);
  });

  it('come in the order of what happened, and only to apps that subscribed and may hear', async () => {
    const deaf = world.forge.registerApp({
      slug: 'deaf',
      name: 'Deaf',
      permissions: { contents: 'read' },
      events: ['issues', 'push'],
      webhookUrl: 'http://127.0.0.1:9/',
      webhookSecret: 's',
    });
    world.forge.installApp(deaf.appId, owner, repo);
    for (let count = 1; count <= 5; count += 1) await world.as('writer').issues.create({ owner, repo, title: `Issue ${count}` });
    await world.webhook('issues', 'opened', (payload) => (payload.issue as { number: number }).number === 5);
    const numbers = world.webhooks
      .filter((hook) => hook.event === 'issues')
      .map((hook) => (hook.payload.issue as { number: number }).number);
    expect(numbers).toEqual([1, 2, 3, 4, 5]);
    const heard = (await world.jwt(deaf).apps.listWebhookDeliveries()).data.map((delivery) => delivery.event);
    expect(heard).toEqual(['installation']);
  });

  it('are tried again when not taken, and kept over a restart', async () => {
    await world.webhook('installation', 'created');
    world.answerWebhooksWith(503);
    await world.as('writer').issues.create({ owner, repo, title: 'Unheard' });
    const refused = await eventually(
      async () => (await deliveries()).find((delivery) => delivery.event === 'issues' && delivery.status_code === 503),
      () => 'the refusal was not noted',
    );
    await world.restart();
    world.answerWebhooksWith(200);
    const heard = await world.webhook('issues', 'opened');
    expect(heard.delivery).toBe(refused.guid);
    const taken = await eventually(
      async () => (await deliveries()).find((delivery) => delivery.guid === refused.guid && delivery.status_code === 200),
      () => 'the delivery was not noted',
    );
    expect(taken.status).toBe('OK');
  });

  it('are sent again on request under the same number', async () => {
    await world.as('writer').issues.create({ owner, repo, title: 'Heard' });
    const first = await world.webhook('issues', 'opened');
    const noted = await eventually(
      async () => (await deliveries()).find((delivery) => delivery.guid === first.delivery),
      () => 'the delivery was not noted',
    );
    expect((await world.jwt().apps.getWebhookDelivery({ delivery_id: noted.id })).data).toMatchObject({
      event: 'issues',
      action: 'opened',
    });
    await world.jwt().apps.redeliverWebhookDelivery({ delivery_id: noted.id });
    await eventually(
      () => world.webhooks.filter((hook) => hook.delivery === first.delivery).length === 2,
      () => 'it was not sent again',
    );
    expect(
      (await deliveries()).filter((delivery) => delivery.guid === first.delivery).map((delivery) => delivery.redelivery),
    ).toEqual([true, false]);
  });

  it('follow the app to a new address', async () => {
    await world.webhook('installation', 'created');
    const { data: here } = await world.jwt().apps.getWebhookConfigForApp();
    await moveTo('http://127.0.0.1:9/nobody');
    await world.as('writer').issues.create({ owner, repo, title: 'Waiting' });
    await eventually(
      async () => (await deliveries()).some((delivery) => delivery.event === 'issues' && delivery.status !== 'pending'),
      () => 'it was not tried',
    );
    await moveTo(here.url!);
    await world.webhook('issues', 'opened');
  });
});

/** Octokit takes a body's `url` for the address to ask, so this one is asked by hand. */
async function moveTo(url: string): Promise<void> {
  const { token } = (await world.jwt().auth({ type: 'app' })) as { token: string };
  const answer = await world.contract.fetch(`${world.forge.url}/api/v3/app/hook/config`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ url }),
  });
  expect(answer.status).toBe(200);
}
