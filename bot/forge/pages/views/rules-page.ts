import { rulesetsFor } from '#bot/forge/protection/branch-rules.ts';
import { type RulesetRule, RulesetSettings } from '#bot/forge/protection/settings.ts';
import { rulesetsOf } from '#bot/forge/queries/references.ts';
import { repositoryLayout } from '../layout.ts';
import { type Html, html, nothing } from '../markup.ts';
import type { PageContext } from '../page-context.ts';

/** What rulesets demand, in words: where a push that they refuse sends its author. Whom they let past is for administrators to know. */
export function rulesPage(page: PageContext, branch: string | null): Html {
  const { forge, repository } = page;
  const rulesets =
    branch === null
      ? rulesetsOf(forge.database, repository.id).map((row) => RulesetSettings.parse(JSON.parse(row.settings)))
      : rulesetsFor(forge, repository, branch).map(({ settings }) => settings);
  const list =
    rulesets.length === 0
      ? html`<p class="blank">${branch === null ? 'There are no rulesets.' : 'No ruleset holds for this branch.'}</p>`
      : html`<ul class="box rows">${rulesets.map((ruleset) => rulesetRow(ruleset))}</ul>`;
  const about = branch === null ? nothing : html` for <code>${branch}</code>`;
  return repositoryLayout(page, 'branches', 'Rules', html`<h1 class="small">Rules${about}</h1>${list}`);
}

function rulesetRow({ name, enforcement, conditions, rules }: RulesetSettings): Html {
  const { include, exclude } = conditions.ref_name;
  const refs = [...include, ...exclude.map((ref) => `not ${ref}`)].join(', ');
  return html`<li><span class="grow"><b class="title">${name}</b> ${enforcement === 'active' ? nothing : html`<span class="pill">${enforcement}</span>`}
<span class="quiet">${refs}</span><ul class="history">${rules.map((rule) => html`<li>${wordsFor(rule)}</li>`)}</ul></span></li>`;
}

function wordsFor(rule: RulesetRule): string {
  switch (rule.type) {
    case 'creation':
      return 'Creating it is restricted';
    case 'update':
      return 'Writing to it is restricted';
    case 'deletion':
      return 'It cannot be deleted';
    case 'non_fast_forward':
      return 'It cannot be rewritten';
    case 'required_linear_history':
      return 'It holds no merge commits';
    case 'pull_request': {
      const { allowed_merge_methods: methods, required_approving_review_count: approvals } = rule.parameters;
      const ways = methods === undefined ? '' : `, merged by ${methods.join(' or ')}`;
      return `Changes come by pull request${ways}${approvals === 0 ? '' : `, with ${approvals} approving`}`;
    }
    case 'required_status_checks':
      return `These checks must have passed: ${rule.parameters.required_status_checks.map(({ context }) => context).join(', ')}`;
  }
}
