import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { SecureUrl } from '#engine/secure-url.ts';
import type { Credential, Via } from './access.ts';
import { Amount, type Micros, Price } from './money.ts';
import { OUTPUT_TOKENS, PURPOSES, type Purpose } from './purpose.ts';
import { credentialOf, KEY_VARIABLES, takeKey } from './take-credential.ts';

/** As the API names it: `claude-opus-5-5`. */
const ModelName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:@_-]{0,99}$/, 'it is no name of a model');

const DAY_MS = 86_400_000;

const OutputTokens = z.coerce.number().int().min(256).max(64_000);

/** Which model may be asked, and how much. Part of `ratchet.yaml` and of `RATCHET_…`; the key itself stands in neither. */
export const ModelSettings = z.strictObject({
  /** Who thinks at night: a search that needs no model, a model, or first the one and then the other. */
  proposer: z.enum(['evolution', 'claude', 'both']).default('evolution'),
  /** Left out, no model is asked anything. */
  model: ModelName.optional(),
  /** Up to which day the model has read of the world, as its maker says; evidence is shown apart before and after it. */
  modelKnowledgeDate: z.iso.date('it is a day, such as 2026-01-31').optional(),
  /** What is kept from a model that decides, writes and reviews, since it may have read of it: the names of assets, dates, both, or nothing. */
  modelMask: z.enum(['none', 'assets', 'dates', 'both']).default('none'),
  /** Which one reviews what the other has written; left out, the same. */
  reviewModel: ModelName.optional(),
  /** What one answer may cost at most, thinking included: one number for all, or one each for some purposes. */
  modelMaxOutputTokens: z
    .union(
      [z.strictObject(Object.fromEntries(PURPOSES.map((purpose) => [purpose, OutputTokens.optional()]))), OutputTokens],
      `it is a number of tokens from 256 to 64,000, or one each for some of ${PURPOSES.join(', ')}`,
    )
    .default({}),
  /** What all calls of a UTC day may cost, tokens read and written together. */
  modelDailyTokens: z.coerce.number().int().min(1_000).max(1_000_000_000).default(400_000),
  /** Days that an exchange with a model is kept after it began. */
  thoughtDays: z.coerce.number().int().min(1).max(3_650).default(400),
  /** What all calls of a UTC day may cost in money, in units of `modelCurrency`; left out, money has no limit. */
  modelDailyMoney: Amount.optional(),
  /** What prices and the day's money are in. */
  modelCurrency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'it is a currency of three letters, such as USD')
    .default('USD'),
  /** What each model costs, per million tokens. */
  modelPrices: z.record(ModelName, Price).default({}),
  /** Through whom models are reached: their maker, Google's Vertex AI, or Amazon Bedrock. Each names them its own way. */
  modelVia: z.enum(['anthropic', 'vertex', 'bedrock']).default('anthropic'),
  /** Where Vertex or Bedrock answers: `us-east5`, `global`, `eu-central-1`. */
  modelRegion: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,40}$/, 'it is no region')
    .optional(),
  /** The Google Cloud project that pays for Vertex. */
  modelProject: z
    .string()
    .regex(/^[a-z][a-z0-9.:-]{3,80}$/, 'it is no project')
    .optional(),
  /** Where the API is; by default the vendor's own. */
  modelBaseUrl: SecureUrl.optional(),
  /** A file that holds the key and that nobody else may read; the environment goes before it. */
  modelKeyFile: z.string().min(1).optional(),
});
export type ModelSettings = z.infer<typeof ModelSettings>;

/** A model that is configured. */
export interface ModelAccess {
  readonly model: string;
  readonly reviewModel: string;
  readonly via: Via;
  /** Secret: it goes to the process that makes the call, and nowhere else. */
  readonly credential: Credential;
  /** Null for the vendor's own. */
  readonly baseUrl: string | null;
  readonly maxOutputTokens: Readonly<Record<Purpose, number>>;
  readonly dailyTokens: number;
  /** Null when money has no limit. */
  readonly dailyMoney: Micros | null;
  readonly currency: string;
  readonly prices: Readonly<Record<string, Price>>;
  /** Days that its exchanges are kept. */
  readonly thoughtDays: number;
  /** What is kept from it when it decides, writes and reviews. */
  readonly mask: ModelSettings['modelMask'];
  /** Up to when it has read of the world, UTC milliseconds; null when nobody has said. */
  readonly knownUntil: number | null;
}

/** What one does who wants a model. Markdown. */
export const HOW_TO_CONFIGURE = `Set \`model:\` in ratchet.yaml (or \`RATCHET_MODEL\`) to a model's name, and give the bot the key as \`${KEY_VARIABLES.anthropic}\` or in a file of mode 600 that \`modelKeyFile:\` names; then start the bot again.`;

/**
 * The model that is configured, its key taken out of `env`. Null without a model's name or without a key.
 * @throws RatchetError `claude/no-price` when the day's money is limited and nobody said what a model costs, `claude/no-place` without the
 * region or project that `modelVia` needs; and as `credentialOf`
 */
export function takeModelAccess(settings: ModelSettings, env: NodeJS.ProcessEnv): ModelAccess | null {
  const given = takeKey(settings.modelVia, env);
  const { model, reviewModel, modelBaseUrl } = settings;
  if (model === undefined) return null;
  requirePrices(settings, [model, reviewModel ?? model]);
  const via = viaOf(settings);
  const credential = credentialOf(via.kind, given, settings.modelKeyFile);
  if (credential === null) return null;
  return {
    model,
    reviewModel: reviewModel ?? model,
    via,
    credential,
    baseUrl: modelBaseUrl ?? null,
    maxOutputTokens: outputTokens(settings),
    dailyTokens: settings.modelDailyTokens,
    dailyMoney: settings.modelDailyMoney ?? null,
    currency: settings.modelCurrency,
    prices: settings.modelPrices,
    thoughtDays: settings.thoughtDays,
    mask: settings.modelMask,
    knownUntil: settings.modelKnowledgeDate === undefined ? null : Date.parse(settings.modelKnowledgeDate) + DAY_MS,
  };
}

function viaOf({ modelVia, modelRegion, modelProject }: ModelSettings): Via {
  const given = <T>(value: T | undefined, setting: string, example: string): T => {
    if (value !== undefined) return value;
    throw new RatchetError(
      'claude/no-place',
      `modelVia is ${modelVia}, and ${setting} is not set.`,
      `Set it, such as \`${setting}: ${example}\`.`,
      { setting },
    );
  };
  switch (modelVia) {
    case 'anthropic':
      return { kind: 'anthropic' };
    case 'bedrock':
      return { kind: 'bedrock', region: given(modelRegion, 'modelRegion', 'us-east-1') };
    case 'vertex': {
      const region = given(modelRegion, 'modelRegion', 'global');
      return { kind: 'vertex', region, project: given(modelProject, 'modelProject', 'my-project') };
    }
    default:
      return modelVia satisfies never;
  }
}

/** Money that nobody can count is not limited. */
function requirePrices({ modelDailyMoney, modelPrices }: ModelSettings, models: readonly string[]): void {
  if (modelDailyMoney === undefined) return;
  const model = models.find((name) => modelPrices[name] === undefined);
  if (model === undefined) return;
  throw new RatchetError(
    'claude/no-price',
    `modelDailyMoney limits the day's money, and modelPrices does not say what ${model} costs.`,
    `Give modelPrices the four prices of ${model} (input, output, cacheWrite, cacheRead), or leave modelDailyMoney out.`,
    { model },
  );
}

function outputTokens({ modelMaxOutputTokens: set }: ModelSettings): Readonly<Record<Purpose, number>> {
  const of = (purpose: Purpose): number => (typeof set === 'number' ? set : (set[purpose] ?? OUTPUT_TOKENS[purpose]));
  return { ask: of('ask'), decide: of('decide'), write: of('write'), correct: of('correct'), review: of('review') };
}
