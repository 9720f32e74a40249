import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import { readText } from '#bot/gates/context.ts';
import type { PullRequest, RepositoryApi } from '#bot/github/repository-api.ts';
import { parseManifest } from '#engine/contract/manifest.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';

/** What labels say of a pull request. */
export interface LabelFacts {
  readonly isBots: boolean;
  readonly strategies: readonly string[];
  /** Stages that the head asks for. */
  readonly stages: readonly string[];
  readonly gates: 'passed' | 'failed';
  readonly isHeld: boolean;
  /** Its evidence was made for another main. */
  readonly isStale: boolean;
  /** What its evidence was made from; null when it brings none. */
  readonly candles: 'real' | 'simulated' | null;
}

/** Labels that are the bot's to put on and to take off; all others are people's. */
const OWN = /^(?:ratchet|held|stale|simulated|real-candles|(?:strategy|stage|gates):.+)$/;

/** The labels that say where a pull request stands. They are output: nothing in the bot asks which are worn to decide by it. */
export function labelsFor(facts: LabelFacts): readonly string[] {
  return [
    ...(facts.isBots ? ['ratchet'] : []),
    ...facts.strategies.map((id) => `strategy:${id}`),
    ...facts.stages.map((stage) => `stage:${stage}`),
    `gates:${facts.gates}`,
    ...(facts.isHeld ? ['held'] : []),
    ...(facts.isStale ? ['stale'] : []),
    ...(facts.candles === 'simulated' ? ['simulated'] : []),
    ...(facts.candles === 'real' ? ['real-candles'] : []),
  ];
}

/** Puts on what is missing and takes off what no longer holds; what is right already costs no call. */
export async function wear(number: number, wanted: readonly string[], { labels }: Pick<RepositoryApi, 'labels'>): Promise<void> {
  const worn = await labels.of(number);
  const missing = wanted.filter((name) => !worn.includes(name));
  if (missing.length > 0) await labels.add(number, missing);
  for (const name of worn) if (OWN.test(name) && !wanted.includes(name)) await labels.remove(number, name);
}

/** What the head of a pull request changes, as far as labels speak of it. */
export async function changeOf(
  pull: PullRequest,
  base: CommitHash,
  repository: Repository,
): Promise<Pick<LabelFacts, 'strategies' | 'stages' | 'candles'>> {
  const head = await repository.require(pull.headSha);
  const fork = (await repository.mergeBase(base, head)) ?? base;
  const ids = new Set<string>();
  for (const { path } of await repository.diff(fork, head)) {
    const id = strategyOfPath(path);
    if (id !== null && /^[a-z][a-z0-9-]{1,40}$/.test(id)) ids.add(id);
  }
  const stages = new Set<string>();
  const made = new Set<LabelFacts['candles']>();
  for (const id of ids) {
    const text = await readText(repository, head, `strategies/${id}/manifest.yaml`);
    const parsed = text === null ? null : parseManifest(text);
    if (parsed !== null && 'manifest' in parsed) stages.add(parsed.manifest.stage);
    made.add(candlesOf(await readText(repository, head, `strategies/${id}/${PACK_PATH}`)));
  }
  // One that is not real is enough: nobody shall take the whole for more than it is.
  const candles = made.has('simulated') ? 'simulated' : made.has('real') ? 'real' : null;
  return { strategies: [...ids].sort(), stages: [...stages].sort(), candles };
}

function candlesOf(text: string | null): LabelFacts['candles'] {
  if (text === null) return null;
  try {
    const pack = Pack.safeParse(JSON.parse(text));
    if (!pack.success) return null;
    return pack.data.dataset.isSimulated ? 'simulated' : 'real';
  } catch {
    // No evidence, no label: the gates say what is wrong with it.
    return null;
  }
}
