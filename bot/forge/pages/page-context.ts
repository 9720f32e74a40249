import type { Context } from 'hono';
import { type ForgeContext, gitDirOf } from '#bot/forge/context.ts';
import type { RepositoryRow } from '#bot/forge/queries/rows.ts';
import type { AssetAddresses } from './assets.ts';
import type { Visitor } from './sessions.ts';

/** What every page knows. */
export interface SiteContext {
  readonly forge: ForgeContext;
  readonly visitor: Visitor;
  readonly assets: AssetAddresses;
  /** The address asked for, path and query: where a form leads back to. */
  readonly here: string;
  /** A sentence to show once, above the page. */
  readonly notice: string | null;
}

/** What a page of a repository knows besides. */
export interface PageContext extends SiteContext {
  readonly repository: RepositoryRow;
  readonly gitDir: string;
  /** `/owner/name` */
  readonly home: string;
}

export function repositoryPage(site: SiteContext, repository: RepositoryRow): PageContext {
  const home = `/${encodeURIComponent(repository.owner)}/${encodeURIComponent(repository.name)}`;
  return { ...site, repository, gitDir: gitDirOf(site.forge, repository), home };
}

/** What the page routes lay down for each other. */
export interface PageEnv {
  Variables: { site: SiteContext; page: PageContext };
}
export type PageRequest = Context<PageEnv>;

/** The page of a list that was asked for, counted from 1. */
export function pageIn(c: PageRequest): number {
  const text = c.req.query('page') ?? '';
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;
}
