import { annotationsOf, checkRunsOf, latestStatusesOf } from '#bot/forge/queries/checks.ts';
import type { AnnotationRow, CheckRunRow } from '#bot/forge/queries/rows.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { counted, each, type Html, html, moment, nothing, raw } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { rerunForm } from './forms.ts';

export type CheckMood = 'good' | 'bad' | 'waiting' | 'neutral';

export interface CheckLine {
  readonly name: string;
  readonly mood: CheckMood;
  /** `success`, `in progress`, … */
  readonly word: string;
  readonly title: string | null;
  readonly run: CheckRunRow | null;
}

/** Check runs and statuses of a commit in one list, by name. */
export function checkLines(page: PageContext, sha: string): CheckLine[] {
  const { forge, repository } = page;
  const runs = checkRunsOf(forge.database, repository.id, sha).map(
    (run): CheckLine => ({
      name: run.name,
      mood: run.status === 'completed' ? moodOf(run.conclusion) : 'waiting',
      word: (run.status === 'completed' ? (run.conclusion ?? 'completed') : run.status).replaceAll('_', ' '),
      title: run.title,
      run,
    }),
  );
  const statuses = latestStatusesOf(forge.database, repository.id, sha).map(
    (status): CheckLine => ({
      name: status.context,
      mood: status.state === 'pending' ? 'waiting' : status.state === 'success' ? 'good' : 'bad',
      word: status.state,
      title: status.description,
      run: null,
    }),
  );
  return [...runs, ...statuses].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function moodOf(conclusion: string | null): CheckMood {
  if (conclusion === 'success') return 'good';
  return conclusion === 'neutral' || conclusion === 'skipped' || conclusion === 'stale' ? 'neutral' : 'bad';
}

const symbols: Record<CheckMood, string> = { good: '✓', bad: '✕', waiting: '●', neutral: '–' };

export function checkSymbol(mood: CheckMood, word: string): Html {
  return html`<span class="check ${mood}" role="img" aria-label="${word}">${symbols[mood]}</span>`;
}

/** The worst mood of all, for one sign beside a pull request; null when nothing was checked. */
export function overallMood(lines: readonly CheckLine[]): CheckMood | null {
  for (const mood of ['bad', 'waiting', 'good'] as const) if (lines.some((line) => line.mood === mood)) return mood;
  return lines.length === 0 ? null : 'neutral';
}

/** Each check in one line, in the box above the merge button. */
export function checkList(lines: readonly CheckLine[], checksHref: string): Html {
  return html`<ul class="checks">${lines.map(
    (line) =>
      html`<li>${checkSymbol(line.mood, line.word)} <a href="${checksHref}#check-${line.name}"><b>${line.name}</b></a> <span class="quiet">${line.title ?? line.word}</span></li>`,
  )}</ul>`;
}

/** The tab with every check's own words. */
export function checksTab(page: PageContext, sha: string): Html {
  const lines = checkLines(page, sha);
  if (lines.length === 0) return html`<p class="blank">No check has looked at <code>${sha.slice(0, 7)}</code> yet.</p>`;
  return html`<p class="quiet">Checks of <a href="${page.home}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a></p>
${each(lines, (line) => checkSection(page, line, sha))}`;
}

function checkSection(page: PageContext, line: CheckLine, sha: string): Html {
  return html`<section class="box check-box" id="check-${line.name}">
<header>${checkSymbol(line.mood, line.word)}<h3>${line.name}</h3><span class="quiet">${line.word}${duration(line.run)}</span>${line.run?.status === 'completed' ? rerunForm(page, line.run.id, page.here) : nothing}</header>
<div class="pad">
${line.title === null ? nothing : html`<p><b>${line.title}</b></p>`}
${line.run === null ? nothing : checkOutput(page, line.run, sha)}
</div></section>`;
}

function checkOutput(page: PageContext, run: CheckRunRow, sha: string): Html {
  const annotations = annotationsOf(page.forge.database, run.id, { limit: 200, offset: 0 });
  const text = (content: string | null) =>
    content === null ? nothing : html`<div class="markdown">${raw(renderMarkdown(content, { repository: page.home }))}</div>`;
  return html`${text(run.summary)}${text(run.text)}
${annotations.total === 0 ? nothing : annotationList(page, annotations.rows, annotations.total, sha)}`;
}

function annotationList(page: PageContext, rows: readonly AnnotationRow[], total: number, sha: string): Html {
  return html`<h4>${counted(total, 'annotation')}</h4><ul class="annotations">${rows.map(
    (row) =>
      html`<li class="${row.level}"><b>${row.level}</b> <a href="${page.home}/blob/${sha}/${row.path}#L${row.start_line}"><code>${row.path}:${row.start_line}</code></a> ${row.message}</li>`,
  )}</ul>`;
}

function duration(run: CheckRunRow | null): Html {
  if (run === null) return nothing;
  if (run.completed_at === null) return html`, started ${moment(run.started_at)}`;
  const seconds = Math.max(0, Math.round((run.completed_at - run.started_at) / 1000));
  return html`, ${moment(run.completed_at)}, in ${counted(seconds, 'second')}`;
}

/** All annotations of a commit's checks, to stand at their lines. */
export function annotationsAt(page: PageContext, sha: string): AnnotationRow[] {
  return checkLines(page, sha).flatMap((line) =>
    line.run === null ? [] : annotationsOf(page.forge.database, line.run.id, { limit: 500, offset: 0 }).rows,
  );
}
