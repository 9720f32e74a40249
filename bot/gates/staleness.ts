import type { Evaluation } from '#bot/evidence/evaluation.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { strategyOfPath } from '#bot/evidence/strategy-folder.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import { SEMANTICS_VERSION } from '#engine/backtest/result-id.ts';
import { parseManifest } from '#engine/contract/manifest.ts';
import type { CommitHash, Repository } from '#engine/repository/repository.ts';
import { changedStrategies, readText } from './context.ts';

/** Whether what was found out still holds. `reason` is a whole sentence that says what moved. */
export type Freshness =
  | { readonly state: 'fresh' }
  | { readonly state: 'stale'; readonly cause: StaleCause; readonly reason: string };

export type StaleCause = 'semantics' | 'incumbent' | 'evaluation' | 'beside' | 'policies' | 'change';

const FRESH: Freshness = { state: 'fresh' };

/** What evidence is made from besides the candidate, as the base has it now. */
export interface BaseFacts {
  /** What fills mean in this engine. */
  readonly semantics: number;
  readonly evaluation: Evaluation;
  /** Tree of the strategy on the base; null when it is not there. */
  readonly incumbentTree: string | null;
  /** Ids of the other strategies that trade there. */
  readonly beside: readonly string[];
}

/**
 * Whether evidence was made from what the base holds now. What the pack does not name (the text of strategies beside the
 * candidate, how much was computed) only re-execution can tell.
 */
export function staleness(pack: Pack, base: BaseFacts): Freshness {
  if (pack.semantics !== base.semantics)
    return stale('semantics', `it was made under semantics ${pack.semantics} and this engine has ${base.semantics}`);
  if (pack.parentTree !== base.incumbentTree)
    return stale('incumbent', 'it was made against another incumbent than the one on the base');
  const other = otherPart(pack, base.evaluation);
  if (other !== null)
    return stale('evaluation', `it was made with other ${other} than policies/evaluation.yaml on the base names`);
  const beside = pack.correlation.filter(({ role }) => role === 'beside').map(({ strategy }) => strategy);
  if (digestOfJson([...beside].sort()) === digestOfJson([...base.beside].sort())) return FRESH;
  return stale('beside', 'other strategies trade on the base than it was compared with');
}

function otherPart(pack: Pack, evaluation: Evaluation): string | null {
  const { development, selection } = evaluation.spans;
  const parts: readonly (readonly [string, unknown, unknown])[] = [
    ['candles', pack.dataset, evaluation.dataset],
    ['spans', pack.spans, { development, selection }],
    ['market rules', pack.markets, evaluation.markets],
    ['capital', pack.capital, evaluation.capital],
    ['seed', pack.seed, evaluation.seed],
  ];
  return parts.find(([, made, now]) => digestOfJson(made) !== digestOfJson(now))?.[0] ?? null;
}

/** All that the gates read from a base for one head: while it stays the same, so does what they said. */
export interface ProofInputs {
  readonly semantics: number;
  /** Tree of `policies/`: rules, evaluation, keys and exceptions. */
  readonly policies: string | null;
  /** Trees on the base of the strategies that the head changes, by id; null where it is new. */
  readonly incumbents: Readonly<Record<string, string | null>>;
  /** Trees of the other strategies that trade there: evidence is compared with them. */
  readonly beside: Readonly<Record<string, string>>;
  /** The base itself, when the head changes more than strategies: anything may then depend on anything. */
  readonly base: string | null;
}

export async function proofInputs(repository: Repository, base: CommitHash, head: CommitHash): Promise<ProofInputs> {
  const changes = await repository.diff((await repository.mergeBase(base, head)) ?? base, head);
  const touched = changes.flatMap(({ path, previousPath }) => (previousPath === undefined ? [path] : [previousPath, path]));
  const ids = new Set(touched.map(strategyOfPath));
  // A strategy that the base changed to what the head has is no change any more: the folder counts, not the difference.
  const changed = await changedStrategies({ repository, base, head, changes });
  const incumbents: Record<string, string | null> = {};
  for (const id of ids) if (id !== null) incumbents[id] = await repository.treeOf(base, `strategies/${id}`);
  const isConfined = changed.length > 0 && !ids.has(null);
  return {
    semantics: SEMANTICS_VERSION,
    policies: await repository.treeOf(base, 'policies'),
    incumbents,
    beside: await tradingTrees(repository, base, Object.keys(incumbents)),
    base: isConfined ? null : base,
  };
}

/** Whether the gates would read the same from the base now as when they passed. */
export function verdictStaleness(before: ProofInputs, now: ProofInputs): Freshness {
  if (before.semantics !== now.semantics) return stale('semantics', 'fills mean something else in this engine now');
  if (before.base !== now.base)
    return stale('change', 'main moved, and the change touches more than strategies, so all of it is proven again');
  if (differ(before.incumbents, now.incumbents)) return stale('incumbent', 'main has another version of what it changes');
  if (before.policies !== now.policies) return stale('policies', 'main has other policies than those it was judged by');
  if (differ(before.beside, now.beside)) return stale('beside', 'other strategies trade on main than it was compared with');
  return FRESH;
}

function differ(left: Readonly<Record<string, string | null>>, right: Readonly<Record<string, string | null>>): boolean {
  return digestOfJson(left) !== digestOfJson(right);
}

function stale(cause: StaleCause, why: string): Freshness {
  return { state: 'stale', cause, reason: `stale: ${why}; it must be made again.` };
}

/** Ids and trees of the strategies that trade at a commit, some left out. What cannot be read does not trade. */
export async function tradingTrees(
  repository: Repository,
  commit: CommitHash,
  except: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const trees: Record<string, string> = {};
  for (const { path } of await repository.listFiles(commit, 'strategies')) {
    const id = /^strategies\/([^/]+)\/manifest\.yaml$/.exec(path)?.[1];
    if (id === undefined || except.includes(id)) continue;
    const tree = await repository.treeOf(commit, `strategies/${id}`);
    if (tree !== null && tradesAt(await readText(repository, commit, path))) trees[id] = tree;
  }
  return trees;
}

function tradesAt(text: string | null): boolean {
  const parsed = text === null ? null : parseManifest(text);
  return parsed !== null && 'manifest' in parsed && parsed.manifest.stage !== 'shadow';
}
