import type { Context } from 'hono';
import type { z } from 'zod';
import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import { ApiError, invalid, notFound } from './api-error.ts';

/** What the middleware lays down for a route: who asks, and about which repository (already seen to be visible to them). */
export interface ForgeEnv {
  Variables: { forge: ForgeContext; actor: Actor; repository: RepositoryRow };
}

export type ForgeRequest = Context<ForgeEnv>;

/** Longest text of a title-bearing thing, in characters: issues, pull requests, comments, reviews. */
export const maxBodyCharacters = 65_536;

/**
 * Reads and checks a JSON body. Fields GitHub would ignore are ignored; a field of the wrong kind is a 422 that names it. Most of GitHub lists
 * what is wrong as objects, a few addresses as plain sentences: `sentences` is for those.
 */
export async function readBody<Schema extends z.ZodType>(
  c: ForgeRequest,
  schema: Schema,
  resource: string,
  form: 'fields' | 'sentences' = 'fields',
): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
  const fields = value ?? {};
  if (typeof fields !== 'object' || Array.isArray(fields)) throw new ApiError(400, 'Body should be a JSON object');
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  throw form === 'sentences' ? sentences(result.error.issues) : refusal(fields, result.error.issues, resource);
}

function sentences(issues: readonly z.core.$ZodIssue[]): ApiError {
  return new ApiError(
    422,
    'Invalid request.',
    issues.map((issue) => `For 'properties/${issue.path.join('/')}', ${issue.message}.`),
  );
}

function refusal(value: object, issues: readonly z.core.$ZodIssue[], resource: string): ApiError {
  const tooLong = issues.find((issue) => issue.code === 'too_big' && issue.origin === 'string');
  if (tooLong !== undefined) {
    const field = tooLong.path.join('.');
    const maximum = (tooLong as z.core.$ZodIssueTooBig).maximum;
    return invalid({ resource, field, code: 'custom', message: `${field} is too long (maximum is ${maximum} characters)` });
  }
  const missing = issues.filter((issue) => at(value, issue.path) === undefined);
  if (missing.length === issues.length) {
    return invalid(...missing.map((issue) => ({ resource, field: issue.path.join('.'), code: 'missing_field' as const })));
  }
  const lines = issues.map((issue) => `For 'properties/${issue.path.join('/')}', ${issue.message}.`);
  return new ApiError(422, `Invalid request.\n\n${lines.join('\n')}`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path) {
    if (found === null || typeof found !== 'object') return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}

/** A number in the address; anything else cannot name a thing, so nothing is found. */
export function numberIn(c: ForgeRequest, name: string): number {
  const text = c.req.param(name) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw notFound();
  return Number(text);
}

/** A name in the address; the slashes inside it are part of it. */
export function nameIn(c: ForgeRequest, name: string): string {
  return c.req.param(name) ?? '';
}

/** One of a list in the query string, or the default when absent or unknown. */
export function choiceIn<Choice extends string>(
  c: ForgeRequest,
  name: string,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  const value = c.req.query(name);
  return choices.find((choice) => choice === value) ?? otherwise;
}

/** A time in the query string (ISO 8601) in milliseconds, or null when absent. */
export function timeIn(c: ForgeRequest, name: string): number | null {
  const value = c.req.query(name);
  if (value === undefined || value === '') return null;
  const parsed = Date.parse(value);
  if (Number.isNaN(parsed)) throw invalid({ resource: 'Query', field: name, code: 'invalid', value });
  return parsed;
}
