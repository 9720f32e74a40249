import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { AutonomyLevel } from '#bot/gates/policies.ts';
import { ModelSettings } from '#bot/proposers/claude/settings.ts';
import { RatchetError } from '#engine/errors.ts';
import { TierSettings } from '#engine/store/tiers/tier-settings.ts';
import { ALL_CORES } from './all-cores.ts';
import { BotSettings } from './bot/settings.ts';
import { NightSettings } from './night-settings.ts';

/** Where settings are looked for when no file is named. */
const CONFIG_FILE = 'ratchet.yaml';
/** Settings in the environment: `RATCHET_TRIALS=200`, `RATCHET_PACE_MS=0`. */
const PREFIX = 'RATCHET_';
/** How an error names the command line. */
const FLAGS = 'the flags';

/** How `ratchet up` runs. One schema for the environment and the flags; the file may also say how the bot runs. */
export const Config = z.strictObject({
  ...ModelSettings.shape,
  ...NightSettings.shape,
  /** Folder where everything is kept. */
  workspace: z.string().min(1).default('var'),
  /** Candles to import; without it the market is simulated. */
  data: z.string().min(1).optional(),
  /** Whose candles, when several venues have them. */
  venue: z.string().min(1).optional(),
  /** The same seed and data give the same decision, tree and evidence. */
  seed: z.coerce.number().int().nonnegative().max(999_999_999_999_999).optional(),
  /** Configurations a night may try. */
  trials: z.coerce.number().int().min(1).max(100_000).default(60),
  /** Sandboxes at once. */
  workers: z.coerce.number().int().min(1).max(64).default(ALL_CORES),
  /** The forge's port; 0 takes a free one. */
  port: z.coerce.number().int().min(0).max(65_535).default(7411),
  /** Whoever else has an account on the embedded forge, by login, and what they may do. */
  people: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'a login is lower-case letters, digits and hyphens'),
      z.enum(['read', 'triage', 'write', 'maintain', 'admin']),
    )
    .default({}),
  /** How far the bot of a new workspace goes by itself; left out, as `policies/autonomy.yaml` of this checkout says. */
  autonomy: AutonomyLevel.optional(),
  /** Wall-clock time between two replayed bars. */
  paceMs: z.coerce.number().int().min(0).max(3_600_000).default(250),
  /** How long the engine keeps bars in which detail; in the file only. */
  keep: TierSettings.prefault({}),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('warn'),
});
export type Config = z.infer<typeof Config>;
type Setting = keyof Config;

/** One file serves every command, so it may hold what only another one reads; a name that none knows is a slip. */
const FileSettings = z.strictObject({ ...Config.shape, ...BotSettings.shape }).partial();

/**
 * Puts the settings of `ratchet up` together: flags over the environment over the file over the defaults.
 * @param file named by `--config`; otherwise `ratchet.yaml` here, if there is one
 * @throws RatchetError `config/invalid`, or `config/usage` for a flag, naming the setting and where it stands
 */
export function loadConfig(flags: Partial<Record<Setting, unknown>>, env: NodeJS.ProcessEnv, file?: string): Config {
  return load(Config, flags, env, file);
}

/** The same for `ratchet bot` and what else works against GitHub. */
export function loadBotSettings(
  flags: Partial<Record<keyof BotSettings, unknown>>,
  env: NodeJS.ProcessEnv,
  file?: string,
): BotSettings {
  return load(BotSettings, flags, env, file);
}

function load<T extends z.ZodRawShape>(
  schema: z.ZodObject<T, z.core.$strict>,
  flags: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
  file: string | undefined,
): z.infer<z.ZodObject<T, z.core.$strict>> {
  const isOurs = (name: string): boolean => Object.hasOwn(schema.shape, name);
  const merged: Record<string, unknown> = {};
  const take = (where: string, settings: Record<string, unknown>, judge: z.ZodType): void => {
    const result = judge.safeParse(settings);
    if (!result.success) throw invalid(where, result.error);
    Object.assign(merged, Object.fromEntries(Object.entries(settings).filter(([name]) => isOurs(name))));
  };
  take(file ?? CONFIG_FILE, readFile(file), FileSettings);
  const own = schema.partial();
  take('the environment', readEnvironment(env, Object.keys(schema.shape)), own);
  take(FLAGS, Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)), own);
  return schema.parse(merged);
}

function readFile(file: string | undefined): Record<string, unknown> {
  const path = file ?? CONFIG_FILE;
  if (file === undefined && !existsSync(path)) return {};
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new RatchetError(
      'config/unreadable',
      `${path} cannot be read: ${why}.`,
      'Mend the file, or name another with --config.',
      { path },
    );
  }
  const settings = z.record(z.string(), z.unknown()).safeParse(value ?? {});
  if (!settings.success) throw invalid(path, settings.error);
  return settings.data;
}

function readEnvironment(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const setting of names) {
    const value = env[PREFIX + setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()];
    if (value !== undefined && value !== '') settings[setting] = value;
  }
  return settings;
}

function invalid(where: string, error: z.ZodError): RatchetError {
  const issue = error.issues[0];
  const setting = issue?.path.join('.') || 'a setting';
  // Words that were typed are one thing, a file that is wrong another: a shell is told so.
  const code = where === FLAGS ? 'config/usage' : 'config/invalid';
  return new RatchetError(code, `${setting} in ${where}: ${issue?.message}.`, 'Correct it; nothing was started.', {
    where,
    setting,
  });
}
