import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { MARKETS_PATH, MarketCosts } from '#bot/evidence/market-costs.ts';
import { ADVISORIES_PATH, AdvisoriesPolicy } from '#bot/gates/audit/exceptions.ts';
import { LIFE_PATH, LifePolicy } from '#bot/gates/life-policy.ts';
import {
  AUTONOMY_PATH,
  AutonomyPolicy,
  GATES_POLICY_PATH,
  GatesPolicy,
  PATHS_POLICY_PATH,
  PathsPolicy,
  parsePolicy,
  RISK_POLICY_PATH,
  RiskPolicy,
} from '#bot/gates/policies.ts';
import { type AppIdentity, clientOfApp, installedApp } from '#bot/github/app-client.ts';
import { folderAt, textAt } from '#bot/github/contents.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import { statusBehind } from '#bot/github/refusal.ts';
import type { Api, RepositoryName } from '#bot/github/repository-api.ts';
import { mayBypass, rulesOf } from '#bot/github/rules-api.ts';
import { workflows } from '#bot/init/workflows.ts';
import { KEYS_PATH, keyId, loadPrivateKey, parsePublicKeys, trustedKeys, whyNotValid } from '#engine/attestation/keys.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { explain, RatchetError } from '#engine/errors.ts';
import { stateRef } from '#engine/repository/state-branch.ts';
import { type BotSettings, repositoryNameOf } from '../bot/settings.ts';
import { workspaceAt } from '../up/workspace.ts';
import { type Check, good, missing } from './check.ts';
import {
  judgeCodeOwners,
  judgeDefaultBranch,
  judgeKept,
  judgeMainRules,
  judgePermissions,
  judgePolicies,
  judgeQueue,
  judgeStatements,
  judgeWebhook,
  judgeWorkflows,
  judgeWriters,
} from './judge-github.ts';

const MAIN = 'main';
const WORKFLOWS = '.github/workflows';
/** How many deliveries back the webhook is judged by. */
const DELIVERIES = 10;
const POLICIES: readonly (readonly [path: string, schema: z.ZodType])[] = [
  [AUTONOMY_PATH, AutonomyPolicy],
  [GATES_POLICY_PATH, GatesPolicy],
  [PATHS_POLICY_PATH, PathsPolicy],
  [RISK_POLICY_PATH, RiskPolicy],
  [LIFE_PATH, LifePolicy],
  [HELD_OUT_PATH, HeldOutPolicy],
  [MARKETS_PATH, MarketCosts],
  [ADVISORIES_PATH, AdvisoriesPolicy],
];

/** Looks at a repository on GitHub and at what this machine has for it; changes nothing. Ends early where there is nothing to go on with. */
export async function lookAtGithub(settings: BotSettings): Promise<readonly Check[]> {
  const repository = repositoryNameOf(settings);
  const workspace = workspaceAt(settings.workspace);
  let identity: AppIdentity;
  try {
    const credentials = loadCredentials(settings.credentials ?? join(workspace.root, 'github'), process.env);
    identity = { apiUrl: settings.apiUrl, ...credentials };
  } catch (error) {
    return [troubled('credentials', error)];
  }
  const known = good('credentials', `App ${identity.appId}, for nobody else to read`);
  let app: Awaited<ReturnType<typeof installedApp>>;
  try {
    app = await installedApp(identity, repository);
  } catch (error) {
    return [known, troubled('App', error)];
  }
  const { client, login, permissions } = app;
  const { owner, name } = repository;
  return [
    known,
    good('App', `${login} is installed on ${owner}/${name}`),
    judgePermissions(permissions),
    judgeWebhook(await askWebhook(clientOfApp(identity))),
    ...(await judged('default branch', async () => {
      const { data } = await client.rest.repos.get({ owner, repo: name });
      return [judgeDefaultBranch(data.default_branch)];
    })),
    ...(await judged('rules', async () => {
      const main = await rulesOf(client, repository, MAIN);
      return [...judgeMainRules(main, identity.appId), ...judgeQueue(main.types), ...(await askStateRules(client, repository))];
    })),
    ...(await judged('code owners', async () => [judgeCodeOwners(await askCodeOwners(client, repository))])),
    ...(await judged('policies', async () => [await askPolicies(client, repository)])),
    ...(await judged('keys', () => askKeys(client, repository, resolve(settings.gateKey ?? workspace.gateKey)))),
    ...(await judged('candles', () => askCandles(client, repository, resolve(settings.candles ?? workspace.candles)))),
    ...(await judged('strategies', async () => [await askStatements(client, repository)])),
    ...(await judged('workflows', () => askWorkflows(client, repository))),
  ];
}

/** That one thing cannot be looked at keeps nobody from looking at the next. */
async function judged(name: string, look: () => Promise<readonly Check[]>): Promise<readonly Check[]> {
  try {
    return await look();
  } catch (error) {
    return [troubled(name, error)];
  }
}

function troubled(name: string, error: unknown): Check {
  if (error instanceof RatchetError) return missing(name, error.message.replace(/\.$/, ''), error.remedy);
  return missing(name, explain(error), 'Try again; GitHub may be the trouble.');
}

async function askWebhook(app: Api): Promise<Parameters<typeof judgeWebhook>[0]> {
  try {
    const { data: hook } = await app.rest.apps.getWebhookConfigForApp();
    const { data } = await app.rest.apps.listWebhookDeliveries({ per_page: DELIVERIES });
    const failed = data.filter(({ status_code }) => status_code < 200 || status_code > 299).length;
    return { url: hook.url ?? '', failed, told: data.length };
  } catch {
    // An App without a webhook answers 404; one that cannot be asked is treated as polling, which always works.
    return null;
  }
}

async function askStateRules(client: Api, repository: RepositoryName): Promise<readonly Check[]> {
  const { types, updatesRestrictedBy } = await rulesOf(client, repository, stateRef);
  const answers = await Promise.all(updatesRestrictedBy.map((id) => mayBypass(client, repository, id)));
  // One that keeps the App out is enough; rules of an organisation do not tell the App.
  const isLetPast = answers.includes(false) ? false : answers.length === 0 || answers.includes(null) ? null : true;
  return [judgeKept(stateRef, types), judgeWriters(stateRef, types, isLetPast)];
}

async function askCodeOwners(client: Api, { owner, name: repo }: RepositoryName): Promise<readonly string[] | null> {
  try {
    const { data } = await client.rest.repos.codeownersErrors({ owner, repo, ref: MAIN });
    return data.errors.map(({ line, kind, source }) => `line ${line}, ${kind.toLowerCase()}: ${source?.trim() ?? ''}`);
  } catch (error) {
    if (statusBehind(error) === 404) return null;
    throw error;
  }
}

async function askPolicies(client: Api, repository: RepositoryName): Promise<Check> {
  const troubles: string[] = [];
  for (const [path, schema] of POLICIES) {
    try {
      parsePolicy(path, await textAt(client, repository, path, MAIN), schema);
    } catch (error) {
      if (!(error instanceof RatchetError)) throw error;
      troubles.push(error.message);
    }
  }
  return judgePolicies(POLICIES.length, troubles);
}

async function askKeys(client: Api, repository: RepositoryName, gateKey: string): Promise<readonly Check[]> {
  const text = await textAt(client, repository, KEYS_PATH, MAIN);
  if (text === null) return [missing('keys', `main has no ${KEYS_PATH}`, 'Run ratchet init and commit what it writes.')];
  const trusted = trustedKeys(parsePublicKeys(text));
  const own = keyId(await loadPrivateKey(gateKey));
  const found = trusted.find(({ id, purpose }) => id === own && purpose === 'gate');
  const why = found === undefined ? `is no gate key of ${KEYS_PATH} on main` : whyNotValid(found, Date.now());
  if (why === null) return [good('keys', `the gate signs with ${own.slice(0, 19)}, which counts`)];
  return [
    missing(
      'keys',
      `${gateKey} ${why}`,
      'Enter it with ratchet keys create, or sign with one that counts; see ratchet keys list.',
    ),
  ];
}

async function askCandles(client: Api, repository: RepositoryName, dir: string): Promise<readonly Check[]> {
  const { dataset } = parseEvaluation(await textAt(client, repository, EVALUATION_PATH, MAIN));
  const store = CandleStore.openExisting(dir);
  try {
    const bars = [...loadDataset(store, dataset).values()].reduce((sum, { time }) => sum + time.length, 0);
    return [good('candles', `${bars} bars, to the byte those that ${EVALUATION_PATH} names`)];
  } finally {
    store.close();
  }
}

async function askStatements(client: Api, repository: RepositoryName): Promise<Check> {
  const folders = (await folderAt(client, repository, 'strategies', MAIN)).filter(({ type }) => type === 'dir');
  const strategies: { id: string; isSigned: boolean }[] = [];
  for (const { name: id, hash } of folders) {
    if ((await textAt(client, repository, `strategies/${id}/manifest.yaml`, MAIN)) === null) continue;
    strategies.push({ id, isSigned: (await textAt(client, repository, statementPath(hash), stateRef)) !== null });
  }
  return judgeStatements(strategies);
}

async function askWorkflows(client: Api, repository: RepositoryName): Promise<readonly Check[]> {
  const found = new Map<string, string>();
  for (const { name, type } of await folderAt(client, repository, WORKFLOWS, MAIN)) {
    const path = `${WORKFLOWS}/${name}`;
    const text = type === 'file' && /\.ya?ml$/.test(name) ? await textAt(client, repository, path, MAIN) : null;
    if (text !== null) found.set(path, text);
  }
  // Which ones there are does not depend on whose program they run.
  const wanted = Object.keys(workflows({ program: { repository: 'any/any', commit: '0'.repeat(40) } }));
  return judgeWorkflows(wanted, found);
}
