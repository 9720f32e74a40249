import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { saveCredentials } from '#bot/github/credentials.ts';
import { createKeyPair, savePrivateKey } from '#engine/attestation/keys.ts';
import { createWorld, owner, ratchetApp, repo, type World, webhookSecret } from '#tests/bot/forge/forge-under-test.ts';
import { RatchetProcess } from '#tests/support/ratchet-process.ts';
import { startUnrulyForge, type UnrulyForge } from '#tests/support/unruly-forge.ts';

const POLICY = 'policies/autonomy.yaml';

export interface BotWorld {
  readonly world: World;
  readonly line: UnrulyForge;
  /** The bot's workspace, with the App's credentials and a gate key in it. */
  readonly workspace: string;
  /** Starts `ratchet bot serve` as a process, and waits until it listens. */
  serve(...flags: readonly string[]): Promise<{ process: RatchetProcess; webhookUrl: string }>;
  /** Where the forge sends webhooks from now on. */
  connect(webhookUrl: string): void;
  say(issue: number, body: string): Promise<{ id: number }>;
  /** What the bot has said under an issue. */
  answers(issue: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A repository with policies and one issue, an App installed on it, and a line to the forge's API that can be made to fail. */
export async function createBotWorld(policies: ReadonlyMap<string, string>): Promise<BotWorld> {
  const world = await createWorld();
  const line = await startUnrulyForge(world.forge.url);
  const workspace = join(world.dir, 'workspace');
  mkdirSync(join(workspace, 'keys'), { recursive: true });
  await savePrivateKey(join(workspace, 'keys', 'gate.pem'), createKeyPair());
  saveCredentials(
    join(workspace, 'github'),
    { appId: world.app.appId, slug: world.app.slug, name: 'Ratchet', url: world.forge.url, apiUrl: line.apiUrl },
    { privateKey: world.app.privateKeyPem, webhookSecret },
  );
  const clone = await world.clone(world.tokens.owner);
  await clone.git('checkout', '--quiet', '-b', 'main');
  await clone.commit('Policies', Object.fromEntries(policies));
  await clone.git('push', '--quiet', 'origin', 'main');
  await world.as('owner').rest.issues.create({ owner, repo, title: 'An issue' });
  const processes: RatchetProcess[] = [];
  return {
    world,
    line,
    workspace,
    async serve(...flags) {
      const where = ['--api-url', line.apiUrl, '--remote-url', `${world.forge.url}/${owner}/${repo}.git`];
      const whose = ['--repository', `${owner}/${repo}`, '--workspace', workspace, '--listen', '127.0.0.1:0'];
      const process = new RatchetProcess(['bot', 'serve', ...whose, ...where, ...flags]);
      processes.push(process);
      const [, webhookUrl] = await process.says(/listens on (\S+)/, 60_000);
      return { process, webhookUrl: webhookUrl! };
    },
    connect: (webhookUrl) => {
      world.forge.registerApp({ ...ratchetApp, webhookUrl });
    },
    say: async (issue_number, body) =>
      (await world.as('owner').rest.issues.createComment({ owner, repo, issue_number, body })).data,
    answers: async (issue_number) => {
      const { data } = await world.as('owner').rest.issues.listComments({ owner, repo, issue_number });
      return data.filter(({ user }) => user?.login === world.app.login).map(({ body }) => body ?? '');
    },
    async close() {
      for (const { child, ended } of processes) {
        child.kill('SIGKILL');
        await ended;
      }
      await line.close();
      await world.close();
    },
  };
}

export function policyFiles(text: string): ReadonlyMap<string, string> {
  return new Map([[POLICY, text]]);
}
