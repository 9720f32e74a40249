import type { ForgeContext } from '#bot/forge/context.ts';
import { repositoriesOfInstallation, userById } from '#bot/forge/queries/accounts.ts';
import type { AppRow, InstallationRow, UserRow } from '#bot/forge/queries/rows.ts';
import { apiRoot, isoTime, nodeId } from './addresses.ts';

export function presentUser(forge: ForgeContext, user: UserRow) {
  const login = encodeURIComponent(user.login);
  const api = `${apiRoot(forge)}/users/${login}`;
  const appSlug = user.type === 'Bot' ? user.login.replace(/\[bot\]$/, '') : null;
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId(user.type, user.id),
    avatar_url: `${forge.url()}/avatars/${user.id}`,
    gravatar_id: '',
    url: api,
    html_url: appSlug === null ? `${forge.url()}/${login}` : `${forge.url()}/apps/${appSlug}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: user.type,
    user_view_type: 'public',
    site_admin: false,
  };
}

export function presentUserById(forge: ForgeContext, id: number) {
  return presentUser(forge, userById(forge.database, id));
}

export function presentUserOrNull(forge: ForgeContext, id: number | null) {
  return id === null ? null : presentUserById(forge, id);
}

export function presentApp(forge: ForgeContext, app: AppRow) {
  return {
    id: app.id,
    client_id: `Iv1.${app.slug}`,
    slug: app.slug,
    node_id: nodeId('App', app.id),
    owner: presentUserById(forge, app.owner_id),
    name: app.name,
    description: '',
    external_url: forge.url(),
    html_url: `${forge.url()}/apps/${app.slug}`,
    created_at: isoTime(app.created_at),
    updated_at: isoTime(app.updated_at),
    permissions: JSON.parse(app.permissions) as Record<string, string>,
    events: JSON.parse(app.events) as string[],
  };
}

export function presentInstallation(forge: ForgeContext, installation: InstallationRow, app: AppRow) {
  const account = userById(forge.database, installation.account_id);
  return {
    id: installation.id,
    client_id: `Iv1.${app.slug}`,
    account: presentUser(forge, account),
    repository_selection: 'selected',
    access_tokens_url: `${apiRoot(forge)}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${apiRoot(forge)}/installation/repositories`,
    html_url: `${forge.url()}/settings/installations/${installation.id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: JSON.parse(app.permissions) as Record<string, string>,
    events: JSON.parse(app.events) as string[],
    created_at: isoTime(installation.created_at),
    updated_at: isoTime(installation.updated_at),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}

/** The short form in the payload of `installation` events. */
export function presentInstallationRepositories(forge: ForgeContext, installation: InstallationRow) {
  return repositoriesOfInstallation(forge.database, installation.id).map((repository) => ({
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    private: repository.visibility === 'private',
  }));
}
