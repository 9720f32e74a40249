import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { stringify } from 'yaml';
import { BOT_PERSON } from '#bot/cli/identity.ts';
import { EVALUATION_PATH, Evaluation } from '#bot/evidence/evaluation.ts';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import type { Decider } from '#bot/orchestrator/life/decisions.ts';
import type { LifeOptions } from '#bot/orchestrator/life/life-options.ts';
import { textOf } from '#bot/orchestrator/propose.ts';
import { PullRequestLife } from '#bot/orchestrator/pull-request-life.ts';
import { canonicalJson, digestOfJson } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { createKeyPair, publicKeyEntry } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { basicAuthorization } from '#engine/repository/remote.ts';
import { Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';
import { type Clone, createWorld, owner, repo, type World } from '#tests/bot/forge/forge-under-test.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

export const ID = 'ema-cross';
export const FOLDER = `strategies/${ID}`;
export const HEAD_REF = `evolve/${ID}/20260301-1`;
const FIRST = 'The first commit';
export const NOW = Date.UTC(2026, 2, 2);
export const COMMANDS = [{ name: 'retest', usage: '/retest', summary: 'run every gate again' }];
/** Somebody who may. */
export const OWNER: Decider = { by: owner, permission: 'admin', comment: null };

/** Stands in for the gates, which have tests of their own: it passes whatever it is given and writes down the pair and the author. */
const PROGRAM = `
const { appendFileSync } = require('node:fs');
const [runs, gates, ...args] = process.argv.slice(2);
const after = (name) => args[args.indexOf(name) + 1];
appendFileSync(runs, after('--base') + ' ' + after('--head') + ' ' + after('--author') + '\\n');
for (const gate of gates.split(','))
  console.log(JSON.stringify({ gate, conclusion: 'success', title: 'fine', summary: 'fine', annotations: [] }));
console.log(JSON.stringify({ base: after('--base'), head: after('--head'), gates: {}, signed: [] }));
`;

export const manifest = (stage: string, description = 'for the test'): string =>
  `id: ${ID}\ndescription: ${description}\nstage: ${stage}\nentry: strategy.ts\n`;
const autonomy = (level: string): string =>
  `levels: { embedded: ${level}, github: propose }\ncommands: { read: read, work: triage, decide: write, engine: maintain }\n`;

export interface ProposalWorld {
  readonly world: World;
  readonly clone: Clone;
  readonly api: RepositoryApi;
  readonly repository: Repository;
  readonly state: StateBranch;
  readonly options: LifeOptions;
  readonly life: PullRequestLife;
  /** The pull request that a night has opened, and its head. */
  readonly number: number;
  readonly head: string;
  /** Main's first commit. */
  readonly base: string;
  /** What the bot said while it worked. */
  readonly said: readonly string[];
  /** Pull requests it asked a proof for. */
  readonly asked: readonly number[];
  /** What the gates were run for: base, head, author. */
  runs(): readonly string[];
  moveMain(files: Record<string, string | null>): Promise<string>;
  /** Pushes a person's commit onto a branch. */
  pushTo(branch: string, files: Record<string, string | null>): Promise<string>;
  /** Puts a statement over the strategy's tree at a commit, by a key of main: as put in place, or as proven by the gates. */
  signTree(commit: string, kind?: 'adopted' | 'gates'): Promise<void>;
  close(): Promise<void>;
}

/** A forge in this process in which the bot has opened one pull request, as a night does, and everything its life happens with. */
export async function createProposal(
  level = 'propose',
  {
    before = 'paper',
    after = 'paper',
    policies = {},
  }: { before?: string; after?: string; policies?: Record<string, string> } = {},
): Promise<ProposalWorld> {
  const world = await createWorld();
  const clone = await world.clone(world.tokens.owner);
  const key = createKeyPair();
  const gateKey = createKeyPair();
  const pushMain = async (message: string, files: Record<string, string | null>): Promise<string> => {
    // The first time there is no main yet; later it is where the forge has it, which may have merged something.
    if (message !== FIRST) await clone.git('fetch', '--quiet', 'origin', 'main');
    await clone.git('checkout', '--quiet', '-B', 'main', ...(message === FIRST ? [] : ['origin/main']));
    const commit = await clone.commit(message, files);
    await clone.git('push', '--quiet', 'origin', 'main');
    return commit;
  };
  const base = await pushMain(FIRST, {
    'README.md': 'A page.\n',
    'policies/autonomy.yaml': autonomy(level),
    'policies/keys.yaml': stringify({
      keys: [publicKeyEntry(key.privateKey, 'owner'), publicKeyEntry(gateKey.privateKey, 'gate')],
    }),
    [EVALUATION_PATH]: stringify(yardstickOf(samplePack())),
    ...policies,
    [`${FOLDER}/manifest.yaml`]: manifest(before),
    [`${FOLDER}/strategy.ts`]: 'export default 1;\n',
  });
  const remoteUrl = `${world.forge.url}/${owner}/${repo}.git`;
  const authorization = () => basicAuthorization('x-access-token', world.tokens.owner);
  const repository = await Repository.openMirror({ dir: join(world.dir, 'mirror.git'), remoteUrl, authorization });
  await repository.fetch();
  const main = await repository.require('main');
  const parentTree = (await repository.treeOf(main, FOLDER))!;
  const pack = samplePack((sample) => {
    sample.parentTree = parentTree;
    sample.correlation = sample.correlation.filter(({ role }) => role === 'incumbent');
  });
  const files = new Map<string, string>([
    [`${FOLDER}/strategy.ts`, 'export default 2;\n'],
    [`${FOLDER}/manifest.yaml`, manifest(after, 'better')],
  ]);
  for (const [path, text] of await evidenceFiles(pack)) files.set(`${FOLDER}/${path}`, text);
  const head = await repository.commit({
    parent: main,
    changes: new Map([...files].map(([path, text]) => [path, Buffer.from(text)])),
    message: 'A night',
    author: BOT_PERSON,
    date: new Date(NOW),
  });
  await repository.push(HEAD_REF, head, { expect: null });
  const api = new RepositoryApi(world.bot(), { owner, name: repo }, world.app.appId);
  const place = { api, base, head, headRef: HEAD_REF, stage: after as 'paper', commands: COMMANDS };
  const { number } = await api.openPullRequest({ ...(await textOf(pack, place)), headRef: HEAD_REF, baseRef: 'main' });
  const state = await StateBranch.open({ repository, author: BOT_PERSON, clock: () => NOW });
  const program = join(world.dir, 'program.cjs');
  const runsPath = join(world.dir, 'runs');
  writeFileSync(program, PROGRAM);
  writeFileSync(runsPath, '');
  const said: string[] = [];
  const asked: number[] = [];
  const options: LifeOptions = {
    api,
    repository,
    state,
    author: BOT_PERSON,
    clock: () => NOW,
    program: {
      command: [process.execPath, program, runsPath, [...GATE_NAMES, FINAL_GATE].join()],
      mirrorDir: repository.dir,
      remoteUrl,
      candlesDir: world.dir,
      keyPath: join(world.dir, 'gate.pem'),
      token: async () => '',
    },
    botLogin: 'ratchet[bot]',
    forge: 'embedded',
    commands: COMMANDS,
    askForProof: (asks) => asked.push(asks),
    log: pino({ level: 'silent' }),
    progress: ({ ...event }) => said.push('message' in event ? event.message : ''),
  };
  return {
    world,
    clone,
    api,
    repository,
    state,
    options,
    life: new PullRequestLife(options),
    number,
    head,
    base,
    said,
    asked,
    runs: () => readFileSync(runsPath, 'utf8').trim().split('\n').filter(Boolean),
    moveMain: (changes) => pushMain('Move main', changes),
    pushTo: async (branch, changes) => {
      await clone.git('fetch', '--quiet', 'origin', branch);
      await clone.git('checkout', '--quiet', '-B', branch, `origin/${branch}`);
      const commit = await clone.commit('By hand', changes);
      await clone.git('push', '--quiet', 'origin', branch);
      return commit;
    },
    signTree: async (commit, kind = 'adopted') => {
      await repository.fetch();
      const at = await repository.require(commit);
      const tree = (await repository.treeOf(at, FOLDER))!;
      const policyTree = (await repository.treeOf(at, 'policies'))!;
      const adopted = { kind: 'adopted', strategy: ID, head: at, reason: 'a test' } as const;
      const gates = { gates: { gate: 'success' as const }, evidence: digestOfJson('a test') };
      const proven = { kind: 'gates', strategy: ID, head: at, base: at, ...gates } as const;
      const claim = kind === 'adopted' ? adopted : proven;
      const statement = createStatement({ claim, tree, policyTree, verifier: 'a test', timeVerified: NOW });
      const text = `${canonicalJson(sign(statement, (kind === 'adopted' ? key : gateKey).privateKey))}\n`;
      await state.update('sign', () => new Map([[statementPath(tree), Buffer.from(text)]]));
    },
    close: () => world.close(),
  };
}

/** A yardstick by which the pack is fresh. */
function yardstickOf({ dataset, spans, markets, capital, seed }: Pack): Evaluation {
  const vault = { from: spans.selection.to, to: spans.selection.to + 30 * 86_400_000 };
  return Evaluation.parse({ dataset, spans: { ...spans, vault }, markets, capital, seed });
}
