import { type Commit, readCommit } from '#bot/forge/git/commits.ts';
import { diffFiles, emptyTree } from '#bot/forge/git/diff.ts';
import { repositoryLayout } from '../layout.ts';
import { avatar, each, type Html, html, moment, nothing } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { annotationsAt, checkLines, checkSymbol, overallMood } from './check-views.ts';
import { diffView } from './diff-view.ts';

/** Commits, as they come. */
export function commitList(page: PageContext, commits: readonly Commit[]): Html {
  if (commits.length === 0) return html`<p class="blank">No commit.</p>`;
  return html`<ol class="box rows">${commits.map((commit) => {
    const [title] = commit.message.split('\n');
    return html`<li><span class="grow"><a class="title" href="${page.home}/commit/${commit.sha}">${title}</a>
<span class="quiet">${avatar(commit.author.name)} ${commit.author.name} committed ${moment(commit.committer.atSeconds * 1000)}</span></span>
${checkSign(page, commit.sha)}<a href="${page.home}/tree/${commit.sha}" title="Browse the files at this commit"><code>${commit.sha.slice(0, 7)}</code></a></li>`;
  })}</ol>`;
}

export function checkSign(page: PageContext, sha: string): Html {
  const mood = overallMood(checkLines(page, sha));
  return mood === null
    ? nothing
    : checkSymbol(mood, mood === 'good' ? 'checks passed' : mood === 'bad' ? 'checks failed' : 'checks');
}

export async function commitPage(page: PageContext, sha: string): Promise<Html> {
  const commit = await readCommit(page.gitDir, sha);
  const files = await diffFiles(page.gitDir, commit.parents[0] ?? emptyTree, sha);
  const [title = '', ...rest] = commit.message.split('\n');
  const body = rest.join('\n').trim();
  const content = html`<section class="box pad"><h1 class="commit-title">${title}</h1>
${body === '' ? nothing : html`<pre class="message">${body}</pre>`}
<p class="quiet">${avatar(commit.author.name)} ${commit.author.name} committed ${moment(commit.committer.atSeconds * 1000)} ${checkSign(page, sha)}</p>
<p class="quiet">Commit <code>${sha}</code>${each(commit.parents, (parent) => html`, parent <a href="${page.home}/commit/${parent}"><code>${parent.slice(0, 7)}</code></a>`)} · <a href="${page.home}/tree/${sha}">browse the files</a></p></section>
${diffView(files, { home: page.home, ref: sha }, annotationsAt(page, sha))}`;
  return repositoryLayout(page, 'commits', `${title} · ${sha.slice(0, 7)}`, content);
}
