import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareMarket } from '#bot/cli/up/prepare-market.ts';
import { seedRepository } from '#bot/cli/up/seed-repository.ts';
import { wantsOfStrategies } from '#bot/cli/up/strategy-wants.ts';
import { buildPack } from '#bot/evidence/build-pack.ts';
import { Effort } from '#bot/evidence/evaluation.ts';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import {
  appendToNight,
  configurationOf,
  daysOf,
  digestOfReturns,
  nextCycle,
  packReturns,
  readLedgerFrom,
  recordsOf,
  searchOf,
  trialReturns,
} from '#bot/evidence/ledger.ts';
import { MARKETS_PATH, MarketCosts } from '#bot/evidence/market-costs.ts';
import { openWithCandles } from '#bot/evidence/open-with-candles.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { readVersion } from '#bot/evidence/strategy-version.ts';
import { parsePolicy } from '#bot/gates/policies.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { columnsUntil } from '#engine/candles/cut-in-three.ts';
import { loadDataset } from '#engine/candles/load-dataset.ts';
import { type CommitHash, Repository } from '#engine/repository/repository.ts';
import { StateBranch } from '#engine/repository/state-branch.ts';

const PERSON = { name: 'Test', email: 'test@localhost' };
const NOW = Date.UTC(2026, 0, 1);
const LITTLE_EFFORT = Effort.parse({
  intervalResamples: 100,
  testResamples: 100,
  overfittingBlocks: 4,
  walkConfigurations: 3,
  permutations: 1,
  permutationConfigurations: 1,
  neighbourhoodDirections: 1,
  capacityMultiples: [100],
});
export const CYCLE = '20260101-1';

/** A deployment repository on this disk: a bare remote, a mirror of it, candles, keys, the shipped strategy as incumbent. */
export async function createDeployment(seed = 7) {
  const root = mkdtempSync(join(tmpdir(), 'ratchet-deployment-'));
  const remote = join(root, 'remote.git');
  execFileSync('git', ['init', '--quiet', '--template=', '--bare', '--initial-branch=main', remote]);
  const candles = CandleStore.open(join(root, 'candles'));
  const prepared = prepareMarket(
    candles,
    {
      path: join(root, 'market.json'),
      data: undefined,
      venue: undefined,
      seed,
      defaultSeed: seed,
      capital: 10_000,
      wants: await wantsOfStrategies('strategies'),
      costs: parsePolicy(MARKETS_PATH, readFileSync(MARKETS_PATH, 'utf8'), MarketCosts),
    },
    () => {},
  );
  // Every measure, with little effort: what is tested here is that the same numbers come out, not how sure they are.
  const market = { ...prepared, evaluation: { ...prepared.evaluation, effort: LITTLE_EFFORT } };
  const repository = await Repository.openMirror({ dir: join(root, 'mirror.git'), remoteUrl: remote });
  const state = await StateBranch.open({ repository, author: PERSON, clock: () => NOW });
  const gateKey = join(root, 'gate.pem');
  const base = await seedRepository({
    source: '.',
    repository,
    state,
    evaluation: market.evaluation,
    gateKey,
    ownerKey: join(root, 'owner.pem'),
    author: PERSON,
    clock: () => NOW,
  });
  return {
    root,
    remote,
    candles,
    market,
    repository,
    state,
    gateKey,
    base,
    close: () => {
      candles.close();
      rmSync(root, { recursive: true });
    },
  };
}
export type Deployment = Awaited<ReturnType<typeof createDeployment>>;

/** The files of a strategy in this checkout, evidence left out. */
export function shippedFiles(id: string): Map<string, string> {
  const dir = join('strategies', id);
  const names = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(names.map(({ name }) => [name, readFileSync(join(dir, name), 'utf8')]));
}

/** Writes a night of one trial into the ledger, with the selection data's answer, and makes the evidence for `files`. */
export async function makeEvidence(
  deployment: Deployment,
  files: ReadonlyMap<string, string>,
  answer: 'above' | 'below' = 'above',
): Promise<Pack> {
  const { repository, state, market, candles, base } = deployment;
  const ledger = await readLedgerFrom(state);
  const cycle = nextCycle(ledger, NOW);
  const parentTree = await repository.treeOf(base, 'strategies/ema-cross');
  const configuration = configurationOf(files);
  const { development, selection } = market.evaluation.spans;
  const { firstDay, days } = daysOf(development);
  const returns = packReturns({
    firstDay,
    days,
    trials: [1],
    series: [Float64Array.from({ length: days }, (_, day) => (day % 7) / 1e4)],
  });
  const question = recordsOf(ledger, 'selection-asked').length + 1;
  await appendToNight(state, cycle, {
    entries: [
      {
        kind: 'night-began',
        cycle,
        strategy: 'ema-cross',
        asOf: NOW,
        parentTree: parentTree!,
        proposer: 'evolution',
        trialsPlanned: 1,
        seed: 7,
      },
      { kind: 'trials-planned', trials: [{ trial: 1, label: 'test', configuration }] },
      { kind: 'trial', trial: 1, outcome: 'scored', resultId: null, netReturn: 0, reason: null },
      { kind: 'search-ended', trials: 1, scored: 1, returns: digestOfReturns(returns), ideas: [0] },
      { kind: 'selection-asked', question, candidate: configuration, until: selection.to },
      { kind: 'selection-answered', question, answer },
      { kind: 'night-ended', decision: 'TWEAK', reason: 'test', trials: 1 },
    ],
    returns,
  });
  const written = await readLedgerFrom(state);
  const search = searchOf(written, cycle)!;
  const { evaluation } = market;
  const columns = columnsUntil(loadDataset(candles, evaluation.dataset), evaluation.spans.selection.to);
  return buildPack(
    {
      cycle,
      strategy: 'ema-cross',
      against: 'ema-cross',
      claim: {
        kind: 'TWEAK',
        hypothesis: 'Fewer trades cost less.',
        changes: ['volumeRatio: 1 → 1.8'],
        proposer: 'evolution',
        riskTier: 1,
        forecast: null,
        killRule: null,
        knownUntil: null,
      },
      search,
      trialReturns: trialReturns(written, cycle),
      parentTree: parentTree!,
      candidate: await readVersion('ema-cross', files),
      incumbent: await readVersion('ema-cross', shippedFiles('ema-cross')),
      beside: [],
      evaluation,
      columns,
    },
    (version) => openWithCandles(version, evaluation.dataset, columns),
  );
}

/** A commit on top of the base, with paths relative to the repository's root. */
export function commitOn(
  deployment: Deployment,
  changes: ReadonlyMap<string, string | null>,
  parent: CommitHash = deployment.base,
): Promise<CommitHash> {
  const bytes = [...changes].map(([path, text]) => [path, text === null ? null : Buffer.from(text)] as const);
  return deployment.repository.commit({
    parent,
    changes: new Map(bytes),
    message: 'Change',
    author: PERSON,
    date: new Date(NOW),
  });
}

/** The commit a night would make: the strategy's files and their evidence. */
export async function proposalOf(deployment: Deployment, files: ReadonlyMap<string, string>, pack: Pack): Promise<CommitHash> {
  const changes = new Map<string, string>();
  for (const [path, text] of await evidenceFiles(pack)) changes.set(`strategies/ema-cross/${path}`, text);
  for (const [path, text] of files) changes.set(`strategies/ema-cross/${path}`, text);
  return commitOn(deployment, changes);
}
