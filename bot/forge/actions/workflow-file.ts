import { parse } from 'yaml';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';

/** YAML knows numbers and booleans where GitHub means text. */
const Scalar = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? '' : String(value)));
const Texts = z.record(z.string(), Scalar);
const Permissions = z.union([z.enum(['read-all', 'write-all']), z.record(z.string(), z.enum(['read', 'write', 'none']))]);
export type Permissions = z.infer<typeof Permissions>;

const Step = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  if: Scalar.optional(),
  uses: z.string().optional(),
  with: Texts.default({}),
  env: Texts.default({}),
  run: z.string().optional(),
  'working-directory': z.string().optional(),
  'continue-on-error': z.boolean().default(false),
});
export type Step = z.infer<typeof Step>;

const Job = z.object({
  name: z.string().optional(),
  needs: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((value) => (typeof value === 'string' ? [value] : value)),
  if: Scalar.optional(),
  'runs-on': z.unknown(),
  'timeout-minutes': z.number().default(360),
  permissions: Permissions.optional(),
  environment: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
  env: Texts.default({}),
  outputs: Texts.default({}),
  strategy: z
    .object({ matrix: z.record(z.string(), z.unknown()).default({}), 'fail-fast': z.boolean().default(true) })
    .optional(),
  steps: z.array(Step).min(1),
});
export type Job = z.infer<typeof Job>;

const Input = z.object({ description: z.string().default(''), required: z.boolean().default(false), default: Scalar.optional() });
export type Input = z.infer<typeof Input>;

const Trigger = z.union([
  z.string().transform((name) => ({ [name]: null })),
  z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, null]))),
  z.record(z.string(), z.unknown()),
]);

const Workflow = z.object({
  name: z.string().optional(),
  on: Trigger,
  env: Texts.default({}),
  permissions: Permissions.optional(),
  jobs: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]*$/), Job),
});
export type Workflow = z.infer<typeof Workflow>;

/**
 * A workflow as far as this forge runs it. What it does not know of (concurrency, services, containers) it leaves unread.
 * @throws RatchetError `forge/bad-workflow`
 */
export function parseWorkflow(path: string, text: string): Workflow {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message.split('\n')[0]! : String(error), error);
  }
  const parsed = Workflow.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(path, `${issue?.path.join('.')}: ${issue?.message}`, parsed.error);
}

/** What a person may say when starting it; null when it cannot be started by hand. */
export function dispatchInputs({ on }: Workflow): Readonly<Record<string, Input>> | null {
  if (!('workflow_dispatch' in on)) return null;
  return z.object({ inputs: z.record(z.string(), Input).default({}) }).parse(on.workflow_dispatch ?? {}).inputs;
}

function unusable(path: string, why: string, cause: unknown): RatchetError {
  return new RatchetError(
    'forge/bad-workflow',
    `${path} is no workflow that runs here: ${why}.`,
    'Mend the file.',
    { path },
    cause,
  );
}
