import type { Found, Slice } from '#bot/forge/queries/issues.ts';
import type { ForgeRequest } from './request.ts';

const defaultPerPage = 30;
const maxPerPage = 100;

/** The page asked for; what is not a sensible number counts as not asked for, as on GitHub. */
export function sliceOf(c: ForgeRequest): Slice {
  const { page, perPage } = pageOf(c);
  return { limit: perPage, offset: (page - 1) * perPage };
}

function pageOf(c: ForgeRequest): { page: number; perPage: number } {
  const number = (name: string, otherwise: number) => {
    const text = c.req.query(name) ?? '';
    return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise;
  };
  return { page: number('page', 1), perPage: Math.min(number('per_page', defaultPerPage), maxPerPage) };
}

/** Sets the Link header (prev, next, last, first) for a list of `total` things. */
export function linkPages(c: ForgeRequest, total: number): void {
  const { page, perPage } = pageOf(c);
  const last = Math.max(1, Math.ceil(total / perPage));
  const links: string[] = [];
  const add = (rel: string, number: number) => {
    const url = new URL(c.req.url);
    const forge = new URL(c.get('forge').url());
    url.protocol = forge.protocol;
    url.host = forge.host;
    url.searchParams.set('page', String(number));
    links.push(`<${url.href}>; rel="${rel}"`);
  };
  if (page > 1) add('prev', Math.min(page - 1, last));
  if (page < last) {
    add('next', page + 1);
    add('last', last);
  }
  if (page > 1) add('first', 1);
  if (links.length > 0) c.header('Link', links.join(', '));
}

/** One page of a list that is whole in memory. */
export function pageOfList<Item>(c: ForgeRequest, items: readonly Item[]): Item[] {
  const slice = sliceOf(c);
  linkPages(c, items.length);
  return items.slice(slice.offset, slice.offset + slice.limit);
}

/** The rows of a found page, with its Link header set. */
export function pageOfFound<Row>(c: ForgeRequest, found: Found<Row>): Row[] {
  linkPages(c, found.total);
  return found.rows;
}
