import { EVALUATION_PATH, parseEvaluation } from '#bot/evidence/evaluation.ts';
import type { GateResult } from '#bot/evidence/gate-result.ts';
import { HELD_OUT_PATH, HeldOutPolicy } from '#bot/evidence/held-out-policy.ts';
import { MARKETS_PATH, MarketCosts } from '#bot/evidence/market-costs.ts';
import { type ChangeContext, readText } from '#bot/gates/context.ts';
import { LIFE_PATH, LifePolicy } from '#bot/gates/life-policy.ts';
import { annotateFile, failure } from '#bot/gates/outcome.ts';
import {
  AUTONOMY_PATH,
  AutonomyPolicy,
  GATES_CASES_PATH,
  GATES_POLICY_PATH,
  GatesPolicy,
  PATHS_POLICY_PATH,
  PathsPolicy,
  parsePolicy,
  RISK_POLICY_PATH,
  RiskPolicy,
} from '#bot/gates/policies.ts';
import { READINESS_PATH, ReadinessPolicy } from '#bot/gates/readiness-policy.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import { KEY_CHANGES_PATH, NO_KEY_CHANGES, parseKeyChanges, whyNotFollowed } from '#engine/attestation/key-changes.ts';
import { KEYS_PATH, parsePublicKeys } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import { PolicyCases, runCases } from './cases.ts';
import { compile } from './judge.ts';

/** How each policy file is read when it comes to be used. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  [GATES_POLICY_PATH]: (text) => compile(parsePolicy(GATES_POLICY_PATH, text, GatesPolicy)),
  [PATHS_POLICY_PATH]: (text) => parsePolicy(PATHS_POLICY_PATH, text, PathsPolicy),
  [AUTONOMY_PATH]: (text) => parsePolicy(AUTONOMY_PATH, text, AutonomyPolicy),
  [RISK_POLICY_PATH]: (text) => parsePolicy(RISK_POLICY_PATH, text, RiskPolicy),
  [READINESS_PATH]: (text) => parsePolicy(READINESS_PATH, text, ReadinessPolicy),
  [LIFE_PATH]: (text) => parsePolicy(LIFE_PATH, text, LifePolicy),
  [HELD_OUT_PATH]: (text) => parsePolicy(HELD_OUT_PATH, text, HeldOutPolicy),
  [MARKETS_PATH]: (text) => parsePolicy(MARKETS_PATH, text, MarketCosts),
  [EVALUATION_PATH]: parseEvaluation,
  [KEYS_PATH]: parsePublicKeys,
};
/** Without these nothing can be merged any more, not even their return. */
const NEEDED: readonly string[] = [GATES_POLICY_PATH, PATHS_POLICY_PATH];

/**
 * Null, or why the policies a change brings must not come to main: a policy that cannot be read there would deny
 * everything, its own mending too. The rules must also say of their cases what the cases expect.
 */
export async function checkNewPolicies(context: ChangeContext): Promise<GateResult | null> {
  const touched = new Set(context.changes.flatMap(({ path, previousPath }) => [path, previousPath ?? path]));
  for (const [path, read] of Object.entries(READERS)) {
    if (!touched.has(path)) continue;
    const text = await readText(context.repository, context.head, path);
    const complaint = text === null ? absent(path) : whyUnreadable(() => read(text));
    if (complaint !== null) return refuse(path, complaint);
  }
  if (touched.has(KEYS_PATH) || touched.has(KEY_CHANGES_PATH)) {
    const complaint = await keysComplaint(context);
    if (complaint !== null) return refuse(KEYS_PATH, complaint);
  }
  if (!touched.has(GATES_POLICY_PATH) && !touched.has(GATES_CASES_PATH)) return null;
  const cases = await readText(context.repository, context.head, GATES_CASES_PATH);
  const rules = await readText(context.repository, context.head, GATES_POLICY_PATH);
  if (rules === null) return null;
  // Rules that come without their cases are rules that nobody tried.
  if (cases === null)
    return refuse(GATES_CASES_PATH, `${GATES_CASES_PATH} is removed, and nobody would see what the rules let pass. Keep it.`);
  const complaint = failingCase(rules, cases);
  return complaint === null ? null : refuse(GATES_CASES_PATH, complaint);
}

/** Keys that no engine would follow must not come to main: everything signed with them would be refused there. */
async function keysComplaint({ repository, base, head }: ChangeContext): Promise<string | null> {
  const [before, after, known, changes] = await Promise.all([
    readText(repository, base, KEYS_PATH),
    readText(repository, head, KEYS_PATH),
    readText(repository, base, KEY_CHANGES_PATH),
    readText(repository, head, KEY_CHANGES_PATH),
  ]);
  if (before === null) return null;
  if (after === null) return `${KEYS_PATH} is removed, and engines would not follow. Keep it.`;
  const signed = whyUnreadable(() => (changes === null ? NO_KEY_CHANGES : parseKeyChanges(changes)));
  if (signed !== null) return signed;
  const steps = changes === null ? NO_KEY_CHANGES : parseKeyChanges(changes);
  const past = known === null ? [] : parseKeyChanges(known).changes;
  if (canonicalJson(steps.changes.slice(0, past.length)) !== canonicalJson(past))
    return `${KEY_CHANGES_PATH} loses steps that main has, and an engine that was away could not follow. Add to it only.`;
  const why = whyNotFollowed(parsePublicKeys(before), parsePublicKeys(after), steps);
  return why === null ? null : `${KEYS_PATH} changes and ${why}, so no engine would follow. Make the change with ratchet keys.`;
}

function absent(path: string): string | null {
  return NEEDED.includes(path) ? `${path} is removed, and without it nothing could be merged again. Keep it.` : null;
}

function failingCase(rules: string, cases: string): string | null {
  const table = parsePolicy(GATES_CASES_PATH, cases, PolicyCases);
  const report = runCases(compile(parsePolicy(GATES_POLICY_PATH, rules, GatesPolicy)), table);
  const wrong = report.cases.find(({ isAsExpected }) => !isAsExpected);
  if (wrong !== undefined) return `${GATES_CASES_PATH}: ${wrong.name}: ${wrong.complaint}. Run ratchet policy test.`;
  const [open] = report.unproven;
  return open === undefined ? null : `${GATES_CASES_PATH}: ${open.validation} lacks ${open.lacks}. Run ratchet policy test.`;
}

function whyUnreadable(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof RatchetError) return `${error.message} Mend it before it comes to main.`;
    throw error;
  }
}

function refuse(path: string, sentence: string): GateResult {
  return failure('policy', sentence, sentence, [annotateFile(path, sentence)]);
}
