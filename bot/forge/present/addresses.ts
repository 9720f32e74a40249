import type { ForgeContext } from '#bot/forge/context.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';

/** `2026-11-20T10:00:00Z`: GitHub's times have no fractions. */
export function isoTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

export function isoTimeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : isoTime(atMs);
}

/** An opaque id as GitHub's GraphQL would give it. */
export function nodeId(type: string, id: number | string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url');
}

export function apiRoot(forge: ForgeContext): string {
  return `${forge.url()}/api/v3`;
}

/** The repository's address in the API. */
export function apiOf(forge: ForgeContext, repository: RepositoryRow): string {
  return `${apiRoot(forge)}/repos/${repository.owner}/${repository.name}`;
}

/** The repository's address for people. */
export function htmlOf(forge: ForgeContext, repository: RepositoryRow): string {
  return `${forge.url()}/${repository.owner}/${repository.name}`;
}

/** A path inside an address: each part escaped, the slashes kept. */
export function escapePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
