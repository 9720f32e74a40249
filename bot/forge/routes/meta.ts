import { Hono } from 'hono';
import type { ForgeContext } from '#bot/forge/context.ts';
import { notFound, requiresAuthentication } from '#bot/forge/http/api-error.ts';
import type { ForgeEnv } from '#bot/forge/http/request.ts';
import { presentUser } from '#bot/forge/present/accounts.ts';
import { apiRoot, isoTime } from '#bot/forge/present/addresses.ts';
import { userByLogin } from '#bot/forge/queries/accounts.ts';
import type { UserRow } from '#bot/forge/queries/rows.ts';

/** The root, the people, and what the forge says of itself. */
export function metaRoutes(forge: ForgeContext): Hono<ForgeEnv> {
  const app = new Hono<ForgeEnv>();

  app.get('/', (c) => {
    const api = apiRoot(forge);
    return c.json({
      current_user_url: `${api}/user`,
      current_user_authorizations_html_url: `${forge.url()}/settings/connections/applications{/client_id}`,
      authorizations_url: `${api}/authorizations`,
      code_search_url: `${api}/search/code?q={query}{&page,per_page,sort,order}`,
      commit_search_url: `${api}/search/commits?q={query}{&page,per_page,sort,order}`,
      emails_url: `${api}/user/emails`,
      emojis_url: `${api}/emojis`,
      events_url: `${api}/events`,
      feeds_url: `${api}/feeds`,
      followers_url: `${api}/user/followers`,
      following_url: `${api}/user/following{/target}`,
      gists_url: `${api}/gists{/gist_id}`,
      hub_url: `${api}/hub`,
      issue_search_url: `${api}/search/issues?q={query}{&page,per_page,sort,order}`,
      issues_url: `${api}/issues`,
      keys_url: `${api}/user/keys`,
      label_search_url: `${api}/search/labels?q={query}&repository_id={repository_id}{&page,per_page}`,
      notifications_url: `${api}/notifications`,
      organization_url: `${api}/orgs/{org}`,
      organization_repositories_url: `${api}/orgs/{org}/repos{?type,page,per_page,sort}`,
      organization_teams_url: `${api}/orgs/{org}/teams`,
      public_gists_url: `${api}/gists/public`,
      rate_limit_url: `${api}/rate_limit`,
      repository_url: `${api}/repos/{owner}/{repo}`,
      repository_search_url: `${api}/search/repositories?q={query}{&page,per_page,sort,order}`,
      current_user_repositories_url: `${api}/user/repos{?type,page,per_page,sort}`,
      starred_url: `${api}/user/starred{/owner}{/repo}`,
      starred_gists_url: `${api}/gists/starred`,
      topic_search_url: `${api}/search/topics?q={query}{&page,per_page}`,
      user_url: `${api}/users/{user}`,
      user_organizations_url: `${api}/user/orgs`,
      user_repositories_url: `${api}/users/{user}/repos{?type,page,per_page,sort}`,
      user_search_url: `${api}/search/users?q={query}{&page,per_page,sort,order}`,
    });
  });

  app.get('/user', (c) => {
    const actor = c.get('actor');
    if (actor.kind !== 'user') throw requiresAuthentication();
    return c.json(presentPerson(forge, actor.user));
  });

  app.get('/users/:username', (c) => {
    const user = userByLogin(forge.database, c.req.param('username'));
    if (user === undefined) throw notFound();
    return c.json(presentPerson(forge, user));
  });

  return app;
}

function presentPerson(forge: ForgeContext, user: UserRow) {
  return {
    ...presentUser(forge, user),
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: isoTime(user.created_at),
    updated_at: isoTime(user.created_at),
  };
}
