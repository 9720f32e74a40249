import { effectiveRole, isAtLeast } from '#bot/forge/auth/access.ts';
import type { Actor } from '#bot/forge/auth/actor.ts';
import type { ForgeContext } from '#bot/forge/context.ts';
import { userById } from '#bot/forge/queries/accounts.ts';
import { openIssueCount } from '#bot/forge/queries/issues.ts';
import type { RepositoryRow, Role } from '#bot/forge/queries/rows.ts';
import { presentUser } from './accounts.ts';
import { apiOf, htmlOf, isoTime, nodeId } from './addresses.ts';

/** The form GitHub uses everywhere: in lists, in pull requests, in webhooks. */
export function presentRepository(forge: ForgeContext, repository: RepositoryRow) {
  const api = apiOf(forge, repository);
  const html = htmlOf(forge, repository);
  const owner = userById(forge.database, repository.owner_id);
  const openIssues = openIssueCount(forge.database, repository.id);
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    private: repository.visibility === 'private',
    owner: presentUser(forge, owner),
    html_url: html,
    description: repository.description,
    fork: false,
    url: api,
    archive_url: `${api}/{archive_format}{/ref}`,
    assignees_url: `${api}/assignees{/user}`,
    blobs_url: `${api}/git/blobs{/sha}`,
    branches_url: `${api}/branches{/branch}`,
    collaborators_url: `${api}/collaborators{/collaborator}`,
    comments_url: `${api}/comments{/number}`,
    commits_url: `${api}/commits{/sha}`,
    compare_url: `${api}/compare/{base}...{head}`,
    contents_url: `${api}/contents/{+path}`,
    contributors_url: `${api}/contributors`,
    deployments_url: `${api}/deployments`,
    downloads_url: `${api}/downloads`,
    events_url: `${api}/events`,
    forks_url: `${api}/forks`,
    git_commits_url: `${api}/git/commits{/sha}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    git_tags_url: `${api}/git/tags{/sha}`,
    hooks_url: `${api}/hooks`,
    issue_comment_url: `${api}/issues/comments{/number}`,
    issue_events_url: `${api}/issues/events{/number}`,
    issues_url: `${api}/issues{/number}`,
    keys_url: `${api}/keys{/key_id}`,
    labels_url: `${api}/labels{/name}`,
    languages_url: `${api}/languages`,
    merges_url: `${api}/merges`,
    milestones_url: `${api}/milestones{/number}`,
    notifications_url: `${api}/notifications{?since,all,participating}`,
    pulls_url: `${api}/pulls{/number}`,
    releases_url: `${api}/releases{/id}`,
    stargazers_url: `${api}/stargazers`,
    statuses_url: `${api}/statuses/{sha}`,
    subscribers_url: `${api}/subscribers`,
    subscription_url: `${api}/subscription`,
    tags_url: `${api}/tags`,
    teams_url: `${api}/teams`,
    trees_url: `${api}/git/trees{/sha}`,
    git_url: `${html.replace(/^https?:/, 'git:')}.git`,
    ssh_url: `git@${new URL(html).hostname}:${repository.owner}/${repository.name}.git`,
    clone_url: `${html}.git`,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    forks: 0,
    forks_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    size: 0,
    default_branch: repository.default_branch,
    open_issues: openIssues,
    open_issues_count: openIssues,
    is_template: false,
    topics: [],
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    visibility: repository.visibility,
    web_commit_signoff_required: false,
    allow_forking: false,
    pushed_at: isoTime(repository.pushed_at),
    created_at: isoTime(repository.created_at),
    updated_at: isoTime(repository.updated_at),
  };
}

/** The long form of `GET /repos/{owner}/{repo}`. */
export function presentFullRepository(forge: ForgeContext, repository: RepositoryRow, actor: Actor) {
  return {
    ...presentRepository(forge, repository),
    subscribers_count: 0,
    network_count: 0,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    allow_update_branch: true,
    delete_branch_on_merge: false,
    ...(actor.kind === 'user' ? { permissions: presentRole(effectiveRole(forge, repository, actor.user)) } : {}),
  };
}

/** A role spelt out as the five flags GitHub gives. */
export function presentRole(role: Role | null) {
  return {
    admin: isAtLeast(role, 'admin'),
    maintain: isAtLeast(role, 'maintain'),
    push: isAtLeast(role, 'write'),
    triage: isAtLeast(role, 'triage'),
    pull: isAtLeast(role, 'read'),
  };
}
