import { parse } from 'yaml';
import { z } from 'zod';
import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';
import { AuthorClass } from './author-class.ts';

/** The engine keeps these limits while a version runs; rules read them as `risk.…` before it does. */
export { RISK_POLICY_PATH, RiskPolicy } from '#engine/risk/risk-policy.ts';

export const GATES_POLICY_PATH = 'policies/gates.yaml';
/** The cases beside the rules. */
export const GATES_CASES_PATH = 'policies/gates.test.yaml';
export const PATHS_POLICY_PATH = 'policies/paths.yaml';
export const AUTONOMY_PATH = 'policies/autonomy.yaml';

const CelText = z.string().min(1).max(2_000);
/** Short, and the same for good: cases and reports name rules by it. */
const RuleName = z.string().regex(/^[a-z][a-z0-9-]{0,60}$/, 'a name is lower-case letters, digits and hyphens');

const Validation = z.strictObject({
  expression: CelText,
  /** What is wrong when it does not hold, one sentence. */
  message: z.string().min(1).max(300),
  /** CEL that gives the sentence; `message` stands in where it cannot be judged. */
  messageExpression: CelText.optional(),
  /** Names the validation within its policy. */
  reason: RuleName.optional(),
});

/** One policy, in the shape of Kubernetes' ValidatingAdmissionPolicy and its binding. */
const GatePolicy = z.strictObject({
  name: RuleName,
  /** Which changes it is about. What is left out matches everything; what is given must all hold. */
  matchConstraints: z
    .strictObject({
      authors: z.array(AuthorClass).min(1).optional(),
      /** The stage the head asks for; `none` when it no longer has the strategy. */
      stages: z
        .array(z.enum(['none', ...Stage.options]))
        .min(1)
        .optional(),
      /** Globs over whole paths, of which one must match one changed path. Only paths they match count as looked at. */
      paths: z.array(z.string().min(1)).min(1).optional(),
    })
    .default({}),
  matchConditions: z
    .array(z.strictObject({ name: RuleName, expression: CelText }))
    .max(20)
    .default([]),
  variables: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a variable is one word'), expression: CelText }))
    .max(20)
    .default([]),
  validations: z.array(Validation).min(1).max(50),
  /** What a validation that does not hold brings about. Only `deny` decides. */
  failureAction: z.enum(['deny', 'warn', 'audit']).default('deny'),
});
export type GatePolicy = z.infer<typeof GatePolicy>;

export const GatesPolicy = z.strictObject({
  policies: z
    .array(GatePolicy)
    .min(1)
    .max(100)
    .refine((policies) => new Set(policies.map(({ name }) => name)).size === policies.length, 'two policies have one name'),
});
export type GatesPolicy = z.infer<typeof GatesPolicy>;

const Allowed = z.strictObject({ allow: z.array(z.string()) });

export const PathsPolicy = z.strictObject({
  bot: Allowed,
  person: Allowed,
  /** What a repair of dependencies may touch; without it the bot brings none. */
  repair: Allowed.optional(),
  limits: z.strictObject({ fileBytes: z.number().int().positive(), changedFiles: z.number().int().positive() }),
});
export type PathsPolicy = z.infer<typeof PathsPolicy>;

const RequiredPermission = z.enum(['read', 'triage', 'write', 'maintain', 'admin']);

/**
 * How far the bot goes by itself. `observe`: it looks and decides, and searches nothing. `propose`: it opens pull requests, and
 * people merge them. `merge-paper`: it merges its own, when every gate passed and nothing but paper is at stake.
 */
export const AutonomyLevel = z.enum(['observe', 'propose', 'merge-paper']);
export type AutonomyLevel = z.infer<typeof AutonomyLevel>;

export const AutonomyPolicy = z.strictObject({
  levels: z.strictObject({ embedded: AutonomyLevel, github: AutonomyLevel }),
  commands: z.strictObject({
    read: RequiredPermission,
    work: RequiredPermission,
    decide: RequiredPermission,
    engine: RequiredPermission,
  }),
});
export type AutonomyPolicy = z.infer<typeof AutonomyPolicy>;

/**
 * Reads one policy file.
 * @param path where it stands in the repository, for the error
 * @throws RatchetError `policy/unreadable` naming the file and the first thing wrong with it
 */
export function parsePolicy<T>(path: string, text: string | null, schema: z.ZodType<T>): T {
  if (text === null) throw unreadable(path, 'it does not exist on the base commit');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw unreadable(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw unreadable(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}

function unreadable(path: string, why: string): RatchetError {
  return new RatchetError(
    'policy/unreadable',
    `${path} cannot be read: ${why}.`,
    'Mend the file on main; until then everything it would allow is denied.',
    {
      path,
    },
  );
}
