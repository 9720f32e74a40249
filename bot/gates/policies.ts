import { parse } from 'yaml';
import { z } from 'zod';
import { Stage } from '#engine/contract/manifest.ts';
import { RatchetError } from '#engine/errors.ts';

const CelText = z.string().min(1).max(2_000);

export const GatesPolicy = z.strictObject({
  policies: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        match: CelText,
        validations: z.array(z.strictObject({ expression: CelText, message: z.string().min(1) })).min(1),
      }),
    )
    .min(1),
});
export type GatesPolicy = z.infer<typeof GatesPolicy>;

const Allowed = z.strictObject({ allow: z.array(z.string()) });

export const PathsPolicy = z.strictObject({
  bot: Allowed,
  person: Allowed,
  limits: z.strictObject({ fileBytes: z.number().int().positive(), changedFiles: z.number().int().positive() }),
});
export type PathsPolicy = z.infer<typeof PathsPolicy>;

const RequiredPermission = z.enum(['read', 'triage', 'write', 'maintain', 'admin']);

export const AutonomyPolicy = z.strictObject({
  merge: z.array(z.strictObject({ forge: z.enum(['embedded', 'github']), stage: Stage, by: z.enum(['bot', 'person']) })),
  default: z.literal('person'),
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
