import type { GateResult } from '#bot/evidence/gate-result.ts';
import { PACK_PATH, Pack } from '#bot/evidence/pack.ts';
import { parseManifest } from '#bot/evidence/strategy-version.ts';
import { RatchetError } from '#engine/errors.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import { changedStrategies, type GateContext, readText, type StrategyChange } from './context.ts';
import { failure, success } from './outcome.ts';
import { GatesPolicy, parsePolicy } from './policies.ts';
import { compile, describeRuling, factsFromPack, judge, type Rule, type Ruling } from './policy/judge.ts';
import { provenBefore } from './proven-before.ts';

export const GATES_POLICY_PATH = 'policies/gates.yaml';

/** Does the written policy of the base commit allow what the evidence shows? */
export async function policyGate(context: GateContext, earlier: readonly GateResult[]): Promise<GateResult> {
  const text = await readText(context.repository, context.base, GATES_POLICY_PATH);
  const rules = compile(parsePolicy(GATES_POLICY_PATH, text, GatesPolicy));
  const changed = await changedStrategies(context);
  if (changed.length === 0) return withoutStrategies(context, rules);
  const proof = earlier.find((result) => result.gate === 'backtest');
  if (proof !== undefined && proof.conclusion !== 'success') {
    return failure('policy', 'The evidence was not proven, so it is not judged', `The backtest gate says: ${proof.title}`);
  }
  const rulings: Ruling[] = [];
  for (const change of changed) rulings.push(...(await rule(context, change, rules, earlier)));
  const summary = rulings.map((ruling) => `- ${describeRuling(ruling)}`).join('\n');
  const denied = rulings.find((ruling) => !ruling.isAllowed);
  if (denied !== undefined) return failure('policy', denied.sentence, summary);
  return success('policy', `${rulings.length} of ${rulings.length} conditions hold`, summary);
}

function withoutStrategies(context: GateContext, rules: readonly Rule[]): GateResult {
  if (context.author === 'bot')
    return failure('policy', 'A bot may only change strategies.', 'No strategy differs between base and head.');
  return success(
    'policy',
    'No strategy changed, so no evidence is asked for',
    `${rules.length} policies were read from the base commit.`,
  );
}

async function rule(
  context: GateContext,
  change: StrategyChange,
  rules: readonly Rule[],
  earlier: readonly GateResult[],
): Promise<readonly Ruling[]> {
  if (change.headTree === null) return [retirement(context, change)];
  if (context.author === 'person' && (await provenBefore(context, change)) !== null) {
    return [{ isAllowed: true, sentence: `${change.id}: a person goes back to a version that ran before.`, rule: null }];
  }
  const path = `strategies/${change.id}/${PACK_PATH}`;
  const text = await readText(context.repository, context.head, path);
  if (text === null)
    throw new RatchetError(
      'policy/no-evidence',
      `${path} is missing.`,
      'A changed strategy needs evidence, which the night makes.',
    );
  const facts = factsFromPack(Pack.parse(JSON.parse(text)), {
    author: context.author,
    paths: context.changes.map((item) => item.path),
    stage: await stageAt(context, context.head, change.id),
    stageBefore: change.baseTree === null ? 'none' : await stageAt(context, context.base, change.id),
    gates: Object.fromEntries(earlier.map((result) => [result.gate, result.conclusion])),
  });
  return judge(rules, facts);
}

async function stageAt(context: GateContext, commit: CommitHash, id: string): Promise<string> {
  const text = await readText(context.repository, commit, `strategies/${id}/manifest.yaml`);
  return parseManifest(id, text ?? undefined).stage;
}

function retirement(context: GateContext, change: StrategyChange): Ruling {
  if (context.author === 'person') return { isAllowed: true, sentence: `${change.id}: retired by a person.`, rule: null };
  return { isAllowed: false, sentence: `${change.id}: only a person may retire a strategy.`, rule: null };
}
