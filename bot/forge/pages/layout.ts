import { openIssueCount, openPulls } from '#bot/forge/queries/issues.ts';
import { avatar, type Html, html, nothing } from './markup.ts';
import type { PageContext, SiteContext } from './page-context.ts';

export type Tab = 'code' | 'issues' | 'pulls' | 'actions' | 'deployments' | 'branches' | 'commits';

/** The frame of every page. */
export function layout(site: SiteContext, title: string, content: Html, subnavigation: Html = nothing): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${site.assets.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${site.assets.style}">
<script src="${site.assets.script}" data-mermaid="${site.assets.mermaid}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top"><div class="wide">
<a class="brand" href="/"><svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d="M12 1 9.8 4.2 6 3.6 5.6 7.4 2 8.8l2 3.2-2 3.2 3.6 1.4.4 3.8 3.8-.6L12 23l2.2-3.2 3.8.6.4-3.8 3.6-1.4-2-3.2 2-3.2-3.6-1.4L18 3.6l-3.8.6Zm0 7a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z"/></svg>Ratchet forge</a>
${visitorBox(site)}
</div></header>
${subnavigation}
${site.notice === null ? nothing : html`<p class="banner wide" role="status">${site.notice}</p>`}
<main id="content" class="wide">
${content}
</main>
<footer class="bottom wide">Served by the forge inside Ratchet, from a real repository on this machine.</footer>
</body>
</html>`;
}

function visitorBox({ visitor, here }: SiteContext): Html {
  if (visitor.kind === 'reader') return html`<span class="visitor quiet">Reading only</span>`;
  return html`<form class="visitor" method="post" action="/-/logout">
<input type="hidden" name="form_key" value="${visitor.formKey}"><input type="hidden" name="back" value="${here}">
${avatar(visitor.user.login)}<span>${visitor.user.login}</span><button class="plain" type="submit">Sign out</button></form>`;
}

/** A page of a repository, under its name and tabs. */
export function repositoryLayout(page: PageContext, tab: Tab | null, title: string, content: Html): Html {
  const { repository, home, forge } = page;
  const pulls = openPulls(forge.database, repository.id).length;
  const issues = openIssueCount(forge.database, repository.id) - pulls;
  const tabs: ReadonlyArray<{ id: Tab; name: string; href: string; count: number | null }> = [
    { id: 'code', name: 'Code', href: home, count: null },
    { id: 'issues', name: 'Issues', href: `${home}/issues`, count: issues },
    { id: 'pulls', name: 'Pull requests', href: `${home}/pulls`, count: pulls },
    { id: 'actions', name: 'Actions', href: `${home}/actions`, count: null },
    { id: 'deployments', name: 'Deployments', href: `${home}/deployments`, count: null },
    { id: 'commits', name: 'Commits', href: `${home}/commits`, count: null },
    { id: 'branches', name: 'Branches', href: `${home}/branches`, count: null },
  ];
  const navigation = html`<div class="repository"><div class="wide">
<p class="name"><span>${repository.owner}</span> / <a href="${home}">${repository.name}</a> <span class="pill">${repository.visibility}</span></p>
<nav class="tabs" aria-label="Repository">${tabs.map(
    (entry) =>
      html`<a href="${entry.href}"${entry.id === tab ? html` aria-current="page"` : nothing}>${entry.name}${
        entry.count === null || entry.count === 0 ? nothing : html` <span class="count">${entry.count}</span>`
      }</a>`,
  )}</nav>
</div></div>`;
  return layout(page, `${title} · ${repository.owner}/${repository.name}`, content, navigation);
}
