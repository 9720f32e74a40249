import type { AppManifest } from '#bot/forge/apps/manifest.ts';
import type { AppRow, RepositoryRow } from '#bot/forge/queries/rows.ts';
import { layout } from '../layout.ts';
import { avatar, type Html, html, nothing } from '../markup.ts';
import type { SiteContext } from '../page-context.ts';

/** What a person agrees to before an app is made. */
export function confirmPage(site: SiteContext, manifest: AppManifest, text: string, state: string): Html {
  const { visitor } = site;
  const act =
    visitor.kind === 'reader'
      ? html`<p class="quiet">To make an app here, open the link that <code>npm start</code> prints, and start again.</p>`
      : html`<form method="post" action="/settings/apps/create">
<input type="hidden" name="form_key" value="${visitor.formKey}"><input type="hidden" name="manifest" value="${text}"><input type="hidden" name="state" value="${state}">
<p><label for="name">Name</label> <input id="name" name="name" value="${manifest.name}" maxlength="34" required></p>
<p class="buttons"><button class="primary" type="submit">Create the app for ${visitor.user.login}</button></p></form>`;
  const content = html`<section class="box pad app-card"><h1>Create an app</h1>
<p><a href="${manifest.url}" rel="nofollow noopener">${manifest.url}</a> asks for an app of its own. It will be able to:</p>
${permissionList(manifest.default_permissions)}
<p class="quiet">It hears of: ${manifest.default_events.length === 0 ? 'nothing' : manifest.default_events.join(', ')}.</p>
${act}</section>`;
  return layout(site, 'Create an app', content);
}

export function appPage(site: SiteContext, app: AppRow): Html {
  const content = html`<section class="box pad app-card"><h1>${avatar(app.slug)} ${app.name}</h1>
${permissionList(JSON.parse(app.permissions) as Record<string, string>)}
<p><a href="/apps/${app.slug}/installations/new">Install it</a></p></section>`;
  return layout(site, app.name, content);
}

/** Which of the visitor's repositories the app is to see. */
export function installPage(site: SiteContext, app: AppRow, choices: readonly RepositoryRow[]): Html {
  const { visitor } = site;
  const list =
    visitor.kind === 'reader'
      ? html`<p class="quiet">To install an app here, open the link that <code>npm start</code> prints.</p>`
      : choices.length === 0
        ? html`<p class="quiet">It is on every repository of yours already.</p>`
        : html`<ul class="box rows">${choices.map(
            ({ owner, name, visibility }) =>
              html`<li><span class="grow"><b>${owner}/${name}</b> <span class="pill">${visibility}</span></span><form method="post" action="/apps/${app.slug}/installations"><input type="hidden" name="form_key" value="${visitor.formKey}"><button class="primary" type="submit" name="repository" value="${owner}/${name}">Install</button></form></li>`,
          )}</ul>`;
  const content = html`<section class="box pad app-card"><h1>Install ${app.name}</h1>
${permissionList(JSON.parse(app.permissions) as Record<string, string>)}${list}</section>`;
  return layout(site, `Install ${app.name}`, content);
}

function permissionList(permissions: Readonly<Record<string, string>>): Html {
  const entries = Object.entries(permissions);
  if (entries.length === 0) return nothing;
  return html`<ul>${entries.map(
    ([name, level]) => html`<li><b>${level === 'write' ? 'read and write' : 'read'}</b> ${name.replaceAll('_', ' ')}</li>`,
  )}</ul>`;
}
