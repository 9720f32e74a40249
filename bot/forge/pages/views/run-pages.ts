import type { Input } from '#bot/forge/actions/workflow-file.ts';
import { StepLines } from '#bot/forge/present/workflow-run.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { findWorkflowRuns, jobsOfRun, type WorkflowJobRow, type WorkflowRunRow } from '#bot/forge/queries/workflow-runs.ts';
import { repositoryLayout } from '../layout.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { counted, each, type Html, html, moment, nothing, raw } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { type CheckMood, checkSymbol } from './check-views.ts';
import { formKey, mayWrite } from './forms.ts';
import { perPage } from './lists.ts';

/** A workflow that a person may start. */
export interface Startable {
  readonly file: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, Input>>;
}

function moodOf({ status, conclusion }: Pick<WorkflowRunRow, 'status' | 'conclusion'>): { mood: CheckMood; word: string } {
  if (status !== 'completed') return { mood: 'waiting', word: status.replaceAll('_', ' ') };
  const mood = conclusion === 'success' ? 'good' : conclusion === 'skipped' ? 'neutral' : 'bad';
  return { mood, word: conclusion ?? 'completed' };
}

/** Every run, newest first, and the forms that start one. */
export function runListPage(page: PageContext, startable: readonly Startable[], number: number): Html {
  const slice = { limit: perPage, offset: (number - 1) * perPage };
  const { rows, total } = findWorkflowRuns(page.forge.database, page.repository.id, slice);
  const list =
    total === 0
      ? html`<p class="blank">No workflow has run here yet.</p>`
      : html`<ul class="box rows">${rows.map((run) => runRow(page, run))}</ul>`;
  const content = html`<h1 class="small">Actions</h1>${each(startable, (one) => startForm(page, one))}${list}`;
  return repositoryLayout(page, 'actions', 'Actions', content);
}

function runRow(page: PageContext, run: WorkflowRunRow): Html {
  const { mood, word } = moodOf(run);
  const actor = userById(page.forge.database, run.actor_id);
  return html`<li>${checkSymbol(mood, word)}<span class="grow"><a class="title" href="${page.home}/actions/runs/${run.id}">${run.name} #${run.number}</a>
<span class="quiet">${word}, on <code>${run.ref}</code>, started by ${actor.login} ${moment(run.created_at)}</span></span></li>`;
}

function startForm(page: PageContext, { file, name, inputs }: Startable): Html {
  if (!mayWrite(page)) return nothing;
  const fields = Object.entries(inputs).map(
    ([input, { description, default: value, required }]) =>
      html`<p class="field"><label for="${file}-${input}"><b>${input}</b> <span class="quiet">${description}</span></label>
<input id="${file}-${input}" name="input:${input}" value="${value ?? ''}" maxlength="500"${required ? html` required` : nothing}></p>`,
  );
  return html`<details class="box pad start"><summary>Run <b>${name}</b></summary>
<form method="post" action="${page.home}/actions/workflows/${file}/dispatch">${formKey(page)}${fields}
<p class="buttons"><button class="primary" type="submit">Run it on ${page.repository.default_branch}</button></p></form></details>`;
}

/** One run: what its jobs left on their summaries, then each job with its steps and log. */
export function runPage(page: PageContext, run: WorkflowRunRow): Html {
  const { mood, word } = moodOf(run);
  const actor = userById(page.forge.database, run.actor_id);
  const jobs = jobsOfRun(page.forge.database, run.id);
  const here = `${page.home}/actions/runs/${run.id}`;
  const watched =
    run.status === 'completed' ? nothing : html` data-fingerprint="${here}/fingerprint" data-now="${runFingerprint(page, run)}"`;
  const content = html`<div class="subject"${watched}><h1>${run.name} <span class="quiet">#${run.number}</span></h1>
<p class="subject-line">${checkSymbol(mood, word)} <b>${word}</b>, <code>${run.path}</code> at <a href="${page.home}/commit/${run.sha}"><code>${run.sha.slice(0, 7)}</code></a>, started by <b>${actor.login}</b> ${moment(run.created_at)}</p>
${each(
  jobs.filter(({ summary }) => summary !== ''),
  (job) => summaryBox(page, job),
)}
${each(jobs, jobBox)}</div>`;
  return repositoryLayout(page, 'actions', `${run.name} #${run.number}`, content);
}

function summaryBox(page: PageContext, job: WorkflowJobRow): Html {
  return html`<section class="box check-box"><header><h3>${job.name}</h3><span class="quiet">summary</span></header>
<div class="pad markdown">${raw(renderMarkdown(job.summary, { repository: page.home }))}</div></section>`;
}

function jobBox(job: WorkflowJobRow): Html {
  const { mood, word } = moodOf(job);
  const seconds = job.completed_at === null ? null : Math.max(0, Math.round((job.completed_at - job.started_at) / 1000));
  const steps = StepLines.parse(JSON.parse(job.steps)).map(
    (step) =>
      html`<li>${checkSymbol(step.conclusion === 'success' ? 'good' : step.conclusion === 'skipped' ? 'neutral' : 'bad', step.conclusion)} ${step.name}</li>`,
  );
  const log =
    job.log === '' ? nothing : html`<details class="log"><summary>Log</summary><pre tabindex="0">${job.log}</pre></details>`;
  return html`<section class="box check-box" id="job-${job.id}"><header>${checkSymbol(mood, word)}<h3>${job.name}</h3><span class="quiet">${word}${seconds === null ? '' : `, in ${counted(seconds, 'second')}`}</span></header>
<div class="pad"><ul class="checks">${steps}</ul>${log}</div></section>`;
}

/** Changes whenever the page would. */
export function runFingerprint(page: PageContext, run: WorkflowRunRow): string {
  const jobs = jobsOfRun(page.forge.database, run.id);
  return [run.status, run.conclusion, ...jobs.map(({ name, status }) => `${name}:${status}`)].join('|');
}
