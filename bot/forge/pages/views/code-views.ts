import { distance, logOf, readCommit, readCommits } from '#bot/forge/git/commits.ts';
import { listTree, readBlob, type TreeEntry } from '#bot/forge/git/trees.ts';
import { escapePath } from '#bot/forge/present/addresses.ts';
import { isProtected } from '#bot/forge/protection/branch-rules.ts';
import { knownRefs } from '#bot/forge/queries/references.ts';
import { repositoryLayout } from '../layout.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { each, type Html, html, moment, nothing, raw } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { checkSign, commitList } from './commit-views.ts';

/** A file longer than this is offered for download only. */
const shownBytesMax = 1_000_000;

/** A place in the history of the files. */
export interface Place {
  /** As it stands in the address: a branch, a tag or a commit. */
  readonly ref: string;
  readonly sha: string;
  /** Without slashes at the ends; empty for the root. */
  readonly path: string;
}

export function branchesOf(page: PageContext): Array<{ name: string; sha: string }> {
  return [...knownRefs(page.forge.database, page.repository.id)]
    .filter(([name]) => name.startsWith('refs/heads/'))
    .map(([name, sha]) => ({ name: name.slice('refs/heads/'.length), sha }));
}

/** The repository's first page when nothing was pushed yet. */
export function blankPage(page: PageContext): Html {
  const clone = `${page.forge.url()}${page.home}.git`;
  const content = html`<section class="box pad"><h1>Nothing here yet</h1><p>Push a branch to begin:</p><pre>git push ${clone} main</pre></section>`;
  return repositoryLayout(page, 'code', 'Code', content);
}

/** A folder: its files, the last commit, and its README read out. */
export async function treePage(page: PageContext, place: Place, tree: TreeEntry): Promise<Html> {
  const [entries, latest] = await Promise.all([listTree(page.gitDir, tree.sha, false), lastCommit(page, place)]);
  const sorted = [...entries].sort(
    (left, right) => Number(right.type === 'tree') - Number(left.type === 'tree') || (left.path < right.path ? -1 : 1),
  );
  const readme = sorted.find((entry) => entry.type === 'blob' && /^readme(\.md)?$/i.test(entry.path));
  const isRoot = place.path === '';
  const content = html`${isRoot ? homeLine(page, place) : crumbs(page, place)}
<section class="box">${latest}
<ul class="files">${isRoot ? nothing : html`<li><a href="${addressOf(page, 'tree', place.ref, parentOf(place.path))}">..</a></li>`}${sorted.map(
    (entry) => fileRow(page, place, entry),
  )}</ul></section>
${readme === undefined ? nothing : await readmeBox(page, place, readme)}`;
  return repositoryLayout(page, 'code', isRoot ? 'Code' : place.path, content);
}

function homeLine(page: PageContext, place: Place): Html {
  const branches = branchesOf(page);
  return html`<div class="home-line"><details class="menu"><summary><code>${place.ref}</code></summary><ul>${branches.map(
    (branch) => html`<li><a href="${addressOf(page, 'tree', branch.name, '')}">${branch.name}</a></li>`,
  )}</ul></details> <a href="${page.home}/branches">${branches.length} branch${branches.length === 1 ? '' : 'es'}</a>
${page.repository.description === null ? nothing : html`<span class="quiet">${page.repository.description}</span>`}
<span class="clone"><code>git clone ${page.forge.url()}${page.home}.git</code></span></div>`;
}

async function lastCommit(page: PageContext, place: Place): Promise<Html> {
  const [sha] = await logOf(page.gitDir, place.sha, place.path === '' ? {} : { path: place.path }, { limit: 1, offset: 0 });
  if (sha === undefined) return nothing;
  const commit = await readCommit(page.gitDir, sha);
  return html`<header class="latest"><b>${commit.author.name}</b> <a href="${page.home}/commit/${sha}">${commit.message.split('\n')[0]}</a> ${checkSign(page, sha)} <span class="quiet"><code>${sha.slice(0, 7)}</code> ${moment(commit.committer.atSeconds * 1000)} · <a href="${addressOf(page, 'commits', place.ref, place.path)}">history</a></span></header>`;
}

function fileRow(page: PageContext, place: Place, entry: TreeEntry): Html {
  const path = place.path === '' ? entry.path : `${place.path}/${entry.path}`;
  const isFolder = entry.type === 'tree';
  return html`<li class="${entry.type}"><span aria-hidden="true">${isFolder ? '▸' : '·'}</span><a href="${addressOf(page, isFolder ? 'tree' : 'blob', place.ref, path)}">${entry.path}${isFolder ? '/' : ''}</a>${
    entry.size === null ? nothing : html`<span class="quiet">${sizeOf(entry.size)}</span>`
  }</li>`;
}

async function readmeBox(page: PageContext, place: Place, entry: TreeEntry): Promise<Html> {
  if ((entry.size ?? 0) > shownBytesMax) return nothing;
  const text = (await readBlob(page.gitDir, entry.sha)).toString('utf8');
  const made = renderMarkdown(text, { repository: page.home, file: { ref: place.ref, folder: place.path } });
  return html`<section class="box"><header><b>${entry.path}</b></header><div class="pad markdown">${raw(made)}</div></section>`;
}

/** One file at a commit, with numbered lines; Markdown is read out, pictures are shown. */
export async function filePage(page: PageContext, place: Place, entry: TreeEntry): Promise<Html> {
  const size = entry.size ?? 0;
  const links = html`<span class="quiet">${sizeOf(size)}</span> <a href="${addressOf(page, 'raw', place.ref, place.path)}">Raw</a> <a href="${addressOf(page, 'commits', place.ref, place.path)}">History</a>`;
  const content = html`${crumbs(page, place)}<section class="box"><header class="file-head">${links}</header>${await fileBody(page, place, entry, size)}</section>`;
  return repositoryLayout(page, 'code', place.path, content);
}

async function fileBody(page: PageContext, place: Place, entry: TreeEntry, size: number): Promise<Html> {
  const rawAddress = addressOf(page, 'raw', place.ref, place.path);
  if (/\.(svg|png|jpe?g|gif|webp)$/i.test(place.path))
    return html`<p class="picture"><img src="${rawAddress}" alt="${place.path}"></p>`;
  if (size > shownBytesMax) return html`<p class="blank">Too long to show. <a href="${rawAddress}">Read it raw.</a></p>`;
  const bytes = await readBlob(page.gitDir, entry.sha);
  if (bytes.includes(0)) return html`<p class="blank">A binary file.</p>`;
  const text = bytes.toString('utf8');
  if (/\.md$/i.test(place.path)) {
    const file = { ref: place.ref, folder: parentOf(place.path) };
    return html`<div class="pad markdown">${raw(renderMarkdown(text, { repository: page.home, file }))}</div>`;
  }
  const lines = text.replace(/\n$/, '').split('\n');
  return html`<div class="table-scroll" tabindex="0"><table class="source"><tbody>${each(
    lines,
    (line, index) =>
      html`<tr id="L${index + 1}"><td class="number"><a href="#L${index + 1}">${index + 1}</a></td><td class="text">${line}</td></tr>`,
  )}</tbody></table></div>`;
}

/** The history of a branch, or of one path in it. */
export async function historyPage(page: PageContext, place: Place, number: number): Promise<Html> {
  const perPage = 40;
  const filter = place.path === '' ? {} : { path: place.path };
  const shas = await logOf(page.gitDir, place.sha, filter, { limit: perPage + 1, offset: (number - 1) * perPage });
  const commits = await readCommits(page.gitDir, shas.slice(0, perPage));
  const address = addressOf(page, 'commits', place.ref, place.path);
  const content = html`<h1 class="small">Commits on <code>${place.ref}</code>${place.path === '' ? '' : ` to ${place.path}`}</h1>${commitList(page, commits)}
<p class="pages">${number > 1 ? html`<a rel="prev" href="${address}?page=${number - 1}">Newer</a>` : nothing} ${
    shas.length > perPage ? html`<a rel="next" href="${address}?page=${number + 1}">Older</a>` : nothing
  }</p>`;
  return repositoryLayout(page, 'commits', `Commits on ${place.ref}`, content);
}

/** Every branch, the default one first; the state branch tells what it is. */
export async function branchesPage(page: PageContext): Promise<Html> {
  const { default_branch: main } = page.repository;
  const branches = branchesOf(page).sort(
    (left, right) => Number(right.name === main) - Number(left.name === main) || (left.name < right.name ? -1 : 1),
  );
  const mainSha = branches.find((branch) => branch.name === main)?.sha;
  const rows = await Promise.all(branches.map((branch) => branchRow(page, branch, mainSha)));
  const content = html`<h1 class="small">Branches</h1><section class="box"><ul class="rows">${rows}</ul></section>`;
  return repositoryLayout(page, 'branches', 'Branches', content);
}

async function branchRow(page: PageContext, branch: { name: string; sha: string }, mainSha: string | undefined): Promise<Html> {
  const commit = await readCommit(page.gitDir, branch.sha);
  const isMain = branch.name === page.repository.default_branch;
  const apart = isMain || mainSha === undefined ? null : await distance(page.gitDir, mainSha, branch.sha);
  const pills = html`${isMain ? html`<span class="pill">default</span>` : nothing}${isProtected(page.forge, page.repository, branch.name) ? html`<span class="pill">protected</span>` : nothing}${
    branch.name === 'ratchet/state'
      ? html`<span class="pill" title="Ledger, statements, control and status">state</span>`
      : nothing
  }`;
  return html`<li><span class="grow"><a class="title" href="${addressOf(page, 'tree', branch.name, '')}"><code>${branch.name}</code></a> ${pills}
<span class="quiet">${commit.message.split('\n')[0]} · ${moment(commit.committer.atSeconds * 1000)}</span></span>
${checkSign(page, branch.sha)}${apart === null ? nothing : html`<span class="quiet" title="commits ahead of and behind ${page.repository.default_branch}">${apart.ahead} ahead, ${apart.behind} behind</span>`}
<a href="${addressOf(page, 'commits', branch.name, '')}"><code>${branch.sha.slice(0, 7)}</code></a></li>`;
}

function crumbs(page: PageContext, place: Place): Html {
  const parts = place.path.split('/');
  return html`<p class="crumbs"><a href="${addressOf(page, 'tree', place.ref, '')}">${page.repository.name}</a> <span class="pill"><code>${place.ref.length === 40 ? place.ref.slice(0, 7) : place.ref}</code></span>${parts.map(
    (part, index) =>
      index === parts.length - 1
        ? html` / <b>${part}</b>`
        : html` / <a href="${addressOf(page, 'tree', place.ref, parts.slice(0, index + 1).join('/'))}">${part}</a>`,
  )}</p>`;
}

function addressOf(page: PageContext, view: 'tree' | 'blob' | 'raw' | 'commits', ref: string, path: string): string {
  return `${page.home}/${view}/${escapePath(ref)}${path === '' ? '' : `/${escapePath(path)}`}`;
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function sizeOf(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}
