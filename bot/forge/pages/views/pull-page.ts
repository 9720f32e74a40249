import { type Commit, commitsBetween, readCommits } from '#bot/forge/git/commits.ts';
import { baseOf, readPullFacts } from '#bot/forge/merge/pull-state.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { commentCount, labelsOfIssue } from '#bot/forge/queries/issues.ts';
import type { PullRow } from '#bot/forge/queries/rows.ts';
import { repositoryLayout } from '../layout.ts';
import { counted, each, type Html, html, labelChip, moment, nothing, type State, stateBadge } from '../markup.ts';
import { mergeReadiness } from '../merge-readiness.ts';
import type { PageContext } from '../page-context.ts';
import { annotationsAt, checkLines, checkList, checkSymbol, checksTab, overallMood } from './check-views.ts';
import { commitList } from './commit-views.ts';
import { diffView } from './diff-view.ts';
import { commentForm, mergeForm, reviewForm } from './forms.ts';
import { timeline } from './timeline.ts';

export type PullTab = 'conversation' | 'commits' | 'checks' | 'files';

export function pullStateOf(pull: PullRow): State {
  if (pull.merged_at !== null) return 'merged';
  if (pull.state === 'closed') return 'closed';
  return pull.draft === 1 ? 'draft' : 'open';
}

/** A pull request, one tab of it. */
export async function pullPage(page: PageContext, pull: PullRow, tab: PullTab): Promise<Html> {
  const [facts, commits] = await Promise.all([readPullFacts(page.forge, page.repository, pull), commitsOf(page, pull)]);
  const counts = {
    conversation: commentCount(page.forge.database, pull.id),
    commits: commits.length,
    checks: checkLines(page, pull.head_sha).length,
    files: facts.files.length,
  };
  const content = html`<div class="subject" data-fingerprint="${page.home}/pull/${pull.number}/fingerprint" data-now="${fingerprint(page, pull)}">
${heading(page, pull, commits.length)}
${tabs(page, pull, tab, counts)}
${await tabContent(page, pull, tab, commits, facts.files)}
</div>`;
  return repositoryLayout(page, 'pulls', `${pull.title} · #${pull.number}`, content);
}

async function tabContent(
  page: PageContext,
  pull: PullRow,
  tab: PullTab,
  commits: readonly Commit[],
  files: Parameters<typeof diffView>[0],
): Promise<Html> {
  switch (tab) {
    case 'conversation':
      return conversation(page, pull, commits);
    case 'commits':
      return commitList(page, [...commits].reverse());
    case 'checks':
      return checksTab(page, pull.head_sha);
    case 'files':
      return diffView(files, { home: page.home, ref: pull.head_sha }, annotationsAt(page, pull.head_sha));
  }
}

/** The commits of a pull request, oldest first. */
async function commitsOf(page: PageContext, pull: PullRow): Promise<Commit[]> {
  const base = baseOf(page.forge, page.repository, pull);
  return readCommits(page.gitDir, await commitsBetween(page.gitDir, base, pull.head_sha, 250));
}

/** Changes when anything shown changes, so that an open page knows when to look again. */
export function fingerprint(page: PageContext, pull: PullRow): string {
  const checks = checkLines(page, pull.head_sha).map((line) => `${line.name}=${line.word}`);
  const head = pull.merge_commit_sha ?? pull.head_sha;
  return [pull.updated_at, pull.state, head.slice(0, 12), commentCount(page.forge.database, pull.id), ...checks].join(' ');
}

function heading(page: PageContext, pull: PullRow, commits: number): Html {
  const isMerged = pull.merged_at !== null;
  const actor = userById(page.forge.database, isMerged ? (pull.merged_by_id ?? pull.author_id) : pull.author_id);
  const verb = isMerged ? 'merged' : pull.state === 'open' ? 'wants to merge' : 'wanted to merge';
  return html`<h1>${pull.title} <span class="quiet">#${pull.number}</span></h1>
<p class="subject-line">${stateBadge(pullStateOf(pull))} <b>${actor.login}</b> ${verb} ${counted(commits, 'commit')} into <code>${pull.base_ref}</code> from <code>${pull.head_ref}</code></p>`;
}

function tabs(page: PageContext, pull: PullRow, current: PullTab, counts: Record<PullTab, number>): Html {
  const address = `${page.home}/pull/${pull.number}`;
  const entries: ReadonlyArray<{ tab: PullTab; name: string; href: string }> = [
    { tab: 'conversation', name: 'Conversation', href: address },
    { tab: 'commits', name: 'Commits', href: `${address}/commits` },
    { tab: 'checks', name: 'Checks', href: `${address}/checks` },
    { tab: 'files', name: 'Files changed', href: `${address}/files` },
  ];
  return html`<nav class="tabs" aria-label="Pull request">${entries.map(
    (entry) =>
      html`<a href="${entry.href}"${entry.tab === current ? html` aria-current="page"` : nothing}>${entry.name} <span class="count">${counts[entry.tab]}</span></a>`,
  )}</nav>`;
}

async function conversation(page: PageContext, pull: PullRow, commits: readonly Commit[]): Promise<Html> {
  return html`<div class="columns"><div>
${timeline(page, pull, pull, commits)}
${await mergeBox(page, pull)}
${commentForm(page, pull)}
</div>
<aside aria-label="About this pull request">${aside(page, pull)}</aside></div>`;
}

async function mergeBox(page: PageContext, pull: PullRow): Promise<Html> {
  const lines = checkLines(page, pull.head_sha);
  const mood = overallMood(lines);
  const sentence = {
    good: 'All checks have passed',
    bad: 'Some checks have failed',
    waiting: 'Checks are running',
    neutral: 'Nothing was judged',
  };
  const head =
    mood === null
      ? html`<p class="quiet">No check has looked at this yet.</p>`
      : html`<p class="overall">${checkSymbol(mood, sentence[mood])} <b>${sentence[mood]}</b></p>`;
  const end =
    pull.state === 'closed' ? nothing : html`${reviewForm(page, pull)}${mergeForm(page, pull, await mergeReadiness(page, pull))}`;
  return html`<section class="box merge-box ${mood ?? 'neutral'}" aria-label="Checks and merging">${head}${checkList(lines, `${page.home}/pull/${pull.number}/checks`)}${end}</section>`;
}

function aside(page: PageContext, pull: PullRow): Html {
  const labels = labelsOfIssue(page.forge.database, pull.id);
  return html`<h2>Labels</h2><p class="labels">${labels.length === 0 ? html`<span class="quiet">None</span>` : each(labels, (label) => labelChip(label.name, label.color))}</p>
<h2>Commits</h2><dl><dt>Head</dt><dd><a href="${page.home}/commit/${pull.head_sha}"><code>${pull.head_sha.slice(0, 12)}</code></a></dd><dt>Base</dt><dd><a href="${page.home}/commit/${pull.base_sha}"><code>${pull.base_sha.slice(0, 12)}</code></a></dd></dl>
<h2>Opened</h2><p>${moment(pull.created_at)}</p>`;
}
