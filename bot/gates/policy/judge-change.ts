import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { type ChangeContext, changedStrategies, readText, type StrategyChange } from '#bot/gates/context.ts';
import { readForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { onlyStage } from '#bot/gates/only-stage.ts';
import { GATES_POLICY_PATH, GatesPolicy, parsePolicy, RISK_POLICY_PATH, RiskPolicy } from '#bot/gates/policies.ts';
import { provenBefore } from '#bot/gates/proven-before.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { factsOf, factsWithoutStrategy, forwardFacts, type PolicyFacts } from './facts.ts';
import { compile, judge, type Rule, type Ruling } from './judge.ts';

/** One part of a change that is judged on its own: a strategy, or everything that belongs to none. */
export interface Judgement {
  /** Null for the paths that belong to no changed strategy. */
  readonly strategy: string | null;
  readonly paths: readonly string[];
  readonly facts: PolicyFacts;
  readonly rulings: readonly Ruling[];
}

/**
 * Judges a change by the policies of its base commit. The gate and `ratchet policy explain` both ask here.
 * @param gates what the gates before found, by name
 * @throws RatchetError `policy/unreadable` or `policy/expression` when the base's policies cannot be used, `policy/evidence`
 *   when a changed strategy has none that can be read
 */
export async function judgeChange(
  context: ChangeContext,
  gates: Readonly<Record<string, string>>,
): Promise<readonly Judgement[]> {
  const rules = await rulesOf(context, context.base);
  const risk = await riskOf(context, context.base);
  const all = pathsOf(context);
  const changed = await changedStrategies(context);
  const judgements: Judgement[] = [];
  for (const change of changed) {
    const paths = all.filter((path) => path.startsWith(`strategies/${change.id}/`));
    const facts = await strategyFacts(context, change, all, risk, gates);
    judgements.push({ strategy: change.id, paths, facts, rulings: judge(rules, facts, paths) });
  }
  const others = all.filter((path) => !changed.some(({ id }) => path.startsWith(`strategies/${id}/`)));
  if (others.length > 0 || changed.length === 0) judgements.push(judgeOthers(context, rules, all, others, gates));
  return judgements;
}

/** What a person changes outside strategies is merged by a person: policies may ask more of it, and need not. */
function judgeOthers(
  context: ChangeContext,
  rules: readonly Rule[],
  all: readonly string[],
  paths: readonly string[],
  gates: Readonly<Record<string, string>>,
): Judgement {
  const facts = factsWithoutStrategy({ author: context.author, paths: all, gates });
  const rulings = judge(rules, facts, paths);
  const isLeftToPeople = context.author === 'person';
  return { strategy: null, paths, facts, rulings: isLeftToPeople ? rulings.filter(({ rule }) => rule !== null) : rulings };
}

/** Both names of a file that was renamed: it left one place and came to another. */
function pathsOf({ changes }: ChangeContext): readonly string[] {
  return [...new Set(changes.flatMap(({ path, previousPath }) => (previousPath === undefined ? [path] : [previousPath, path])))];
}

export async function rulesOf({ repository }: Pick<ChangeContext, 'repository'>, commit: CommitHash): Promise<readonly Rule[]> {
  return compile(parsePolicy(GATES_POLICY_PATH, await readText(repository, commit, GATES_POLICY_PATH), GatesPolicy));
}

/** A base without the file has no limits: rules that read them deny. */
async function riskOf({ repository }: ChangeContext, commit: CommitHash): Promise<RiskPolicy> {
  const text = await readText(repository, commit, RISK_POLICY_PATH);
  return text === null ? { stages: {} } : parsePolicy(RISK_POLICY_PATH, text, RiskPolicy);
}

async function strategyFacts(
  context: ChangeContext,
  change: StrategyChange,
  paths: readonly string[],
  risk: RiskPolicy,
  gates: Readonly<Record<string, string>>,
): Promise<PolicyFacts> {
  const stage = change.headTree === null ? 'none' : await stageAt(context, context.head, change.id);
  const stageBefore = change.baseTree === null ? 'none' : await stageAt(context, context.base, change.id);
  const ranBefore = change.headTree !== null && (await provenBefore(context, change)) !== null;
  const pack = change.headTree === null || ranBefore ? null : await packAt(context, change.id);
  const limits = risk.stages[stage as keyof RiskPolicy['stages']] ?? {};
  const moved = ranBefore ? null : await onlyStage(context, change);
  return factsOf(change.id, pack, {
    author: context.author,
    paths,
    stage,
    stageBefore,
    gates,
    ranBefore,
    onlyStage: moved !== null,
    forward: moved === null ? {} : await shownBy(context, change, moved.to),
    risk: limits,
  });
}

/**
 * What the version on the base has shown, for the stage that is asked for. It was published of a tree: of any other, and before any other
 * stage, it says nothing.
 */
async function shownBy({ state }: ChangeContext, { id, baseTree }: StrategyChange, to: string): Promise<PolicyFacts['forward']> {
  const evidence = await readForwardEvidence(state, id);
  if (evidence === null || evidence.tree !== baseTree) return {};
  const { isReady, weeksHeld, weeksAsked, gates, ...shown } = forwardFacts(evidence) ?? {};
  return evidence.readiness?.target === to ? { ...shown, isReady, weeksHeld, weeksAsked, gates } : shown;
}

async function packAt({ repository, head }: ChangeContext, id: string): Promise<Pack> {
  const path = `strategies/${id}/${PACK_PATH}`;
  const text = await readText(repository, head, path);
  if (text === null) throw noEvidence(path, 'it is missing');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw noEvidence(path, 'it is not JSON', error);
  }
  const pack = Pack.safeParse(value);
  if (!pack.success) {
    const issue = pack.error.issues[0];
    throw noEvidence(path, `${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  if (pack.data.strategy !== id) throw noEvidence(path, `it speaks of ${pack.data.strategy}`);
  return pack.data;
}

function noEvidence(path: string, why: string, cause?: unknown): RatchetError {
  return new RatchetError(
    'policy/evidence',
    `${path} cannot be judged: ${why}.`,
    'A changed strategy needs evidence, which the night makes.',
    { path },
    cause,
  );
}

async function stageAt(context: ChangeContext, commit: CommitHash, id: string): Promise<string> {
  const text = await readText(context.repository, commit, `strategies/${id}/manifest.yaml`);
  return parseManifest(id, text ?? undefined).stage;
}
