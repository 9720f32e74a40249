import { userById } from '#bot/forge/queries/accounts.ts';
import { deploymentStatusesOf, findDeployments } from '#bot/forge/queries/deployments.ts';
import type { DeploymentRow } from '#bot/forge/queries/rows.ts';
import { repositoryLayout } from '../layout.ts';
import { type Html, html, moment, nothing } from '../markup.ts';
import type { PageContext } from '../page-context.ts';
import { type CheckMood, checkSymbol } from './check-views.ts';
import { perPage } from './lists.ts';

const MOODS: Readonly<Record<string, CheckMood>> = {
  success: 'good',
  failure: 'bad',
  error: 'bad',
  inactive: 'neutral',
};

/** What runs where, and what became of it: every deployment with all its statuses, newest first. */
export function deploymentsPage(page: PageContext, number: number): Html {
  const filter = { sha: null, ref: null, task: null, environment: null };
  const slice = { limit: perPage, offset: (number - 1) * perPage };
  const { rows, total } = findDeployments(page.forge.database, page.repository.id, filter, slice);
  const list =
    total === 0
      ? html`<p class="blank">Nothing was deployed yet: the bot notes here what the engine runs.</p>`
      : html`<ul class="box rows">${rows.map((deployment) => deploymentRow(page, deployment))}</ul>`;
  return repositoryLayout(page, 'deployments', 'Deployments', html`<h1 class="small">Deployments</h1>${list}`);
}

function deploymentRow(page: PageContext, deployment: DeploymentRow): Html {
  const statuses = deploymentStatusesOf(page.forge.database, deployment.id);
  const state = statuses[0]?.state ?? 'pending';
  const creator = userById(page.forge.database, deployment.creator_id);
  const history = statuses.map(
    (status) =>
      html`<li><b>${status.state.replaceAll('_', ' ')}</b>${status.description === '' ? nothing : html`, ${status.description}`} <span class="quiet">${moment(status.created_at)}</span></li>`,
  );
  return html`<li>${checkSymbol(MOODS[state] ?? 'waiting', state)}<span class="grow"><b class="title">${deployment.environment}</b> <a href="${page.home}/commit/${deployment.sha}"><code>${deployment.sha.slice(0, 7)}</code></a>
<span class="quiet">noted by ${creator.login} ${moment(deployment.created_at)}</span><ul class="history">${history}</ul></span></li>`;
}
