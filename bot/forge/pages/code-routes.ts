import { Hono } from 'hono';
import { diffText } from '#bot/forge/git/diff.ts';
import { resolveCommit } from '#bot/forge/git/references.ts';
import { git } from '#bot/forge/git/run-git.ts';
import { entryAt, readBlob } from '#bot/forge/git/trees.ts';
import { notFound } from '#bot/forge/http/api-error.ts';
import { baseOf, readPullFacts } from '#bot/forge/merge/pull-state.ts';
import { pullByNumber } from '#bot/forge/queries/issues.ts';
import { knownRefs } from '#bot/forge/queries/references.ts';
import { type PageContext, type PageEnv, type PageRequest, pageIn } from './page-context.ts';
import { answer } from './respond.ts';
import { blankPage, branchesPage, filePage, historyPage, type Place, treePage } from './views/code-views.ts';
import { commitPage } from './views/commit-views.ts';
import { rulesPage } from './views/rules-page.ts';

/** Files, commits and branches. */
export function codeRoutes(): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get('/:owner/:repo', async (c) => {
    const page = c.get('page');
    const ref = page.repository.default_branch;
    const sha = await resolveCommit(page.gitDir, `refs/heads/${ref}`);
    if (sha === null) return answer(c, blankPage(page));
    return showFolder(c, page, { ref, sha, path: '' });
  });
  app.get('/:owner/:repo/tree/:place{.+}', async (c) => showFolder(c, c.get('page'), await placeIn(c)));
  app.get('/:owner/:repo/blob/:place{.+}', async (c) => {
    const page = c.get('page');
    const place = await placeIn(c);
    const entry = await entryAt(page.gitDir, place.sha, place.path);
    if (entry?.type === 'tree') return c.redirect(c.req.path.replace('/blob/', '/tree/'), 302);
    if (entry?.type !== 'blob') throw notFound();
    return answer(c, await filePage(page, place, entry));
  });
  app.get('/:owner/:repo/raw/:place{.+}', async (c) => {
    const page = c.get('page');
    const place = await placeIn(c);
    const entry = await entryAt(page.gitDir, place.sha, place.path);
    if (entry?.type !== 'blob') throw notFound();
    return sendRaw(place.path, await readBlob(page.gitDir, entry.sha));
  });
  app.get('/:owner/:repo/commits', (c) =>
    c.redirect(`${c.get('page').home}/commits/${c.get('page').repository.default_branch}`, 302),
  );
  app.get('/:owner/:repo/commits/:place{.+}', async (c) =>
    answer(c, await historyPage(c.get('page'), await placeIn(c), pageIn(c))),
  );
  app.get('/:owner/:repo/commit/:sha{[0-9a-f]{7,40}}', async (c) => {
    const page = c.get('page');
    const sha = await resolveCommit(page.gitDir, c.req.param('sha'));
    if (sha === null) throw notFound();
    return answer(c, await commitPage(page, sha));
  });
  app.get('/:owner/:repo/branches', async (c) => answer(c, await branchesPage(c.get('page'))));
  app.get('/:owner/:repo/rules', (c) => {
    const ref = c.req.query('ref');
    return answer(c, rulesPage(c.get('page'), ref === undefined ? null : ref.replace(/^refs\/heads\//, '')));
  });
  app.get('/:owner/:repo/rules/:id{[0-9]+}', (c) => c.redirect(`${c.get('page').home}/rules`, 302));
  app.get('/:owner/:repo/pull/:file{[0-9]+\\.(?:diff|patch)}', async (c) => {
    const page = c.get('page');
    const [number, form] = c.req.param('file').split('.');
    const pull = pullByNumber(page.forge.database, page.repository.id, Number(number));
    if (pull === undefined) throw notFound();
    const base = baseOf(page.forge, page.repository, pull);
    const from = (await readPullFacts(page.forge, page.repository, pull)).mergeBase ?? base;
    const text =
      form === 'diff'
        ? await diffText(page.gitDir, from, pull.head_sha)
        : await git(page.gitDir, ['format-patch', '--stdout', `${base}..${pull.head_sha}`]);
    return sendRaw('change.txt', text);
  });
  return app;
}

async function showFolder(c: PageRequest, page: PageContext, place: Place): Promise<Response> {
  const entry = await entryAt(page.gitDir, place.sha, place.path);
  if (entry?.type === 'blob') return c.redirect(c.req.path.replace('/tree/', '/blob/'), 302);
  if (entry?.type !== 'tree') throw notFound();
  return answer(c, await treePage(page, place, entry));
}

/** Splits `feature/one/src/a.ts` where the name of a branch ends; the longest name wins, as on GitHub. */
async function placeIn(c: PageRequest): Promise<Place> {
  const page = c.get('page');
  const parts = (c.req.param('place') ?? '').split('/').filter((part) => part !== '');
  const refs = knownRefs(page.forge.database, page.repository.id);
  for (let length = parts.length; length > 0; length -= 1) {
    const ref = parts.slice(0, length).join('/');
    const isKnown = refs.has(`refs/heads/${ref}`) || refs.has(`refs/tags/${ref}`);
    const isCommit = length === 1 && /^[0-9a-f]{7,40}$/.test(ref);
    if (!isKnown && !isCommit) continue;
    const sha = await resolveCommit(page.gitDir, refs.has(`refs/heads/${ref}`) ? `refs/heads/${ref}` : ref);
    if (sha !== null) return { ref, sha, path: parts.slice(length).join('/') };
  }
  throw notFound();
}

const pictureTypes: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

/** A file as it is. Pictures may be looked at; everything else is text, and nothing in it runs. */
function sendRaw(path: string, bytes: Buffer): Response {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return new Response(new Uint8Array(bytes), {
    headers: {
      'Content-Type': pictureTypes[extension] ?? 'text/plain; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'same-origin',
      'Cache-Control': 'private, no-cache',
    },
  });
}
