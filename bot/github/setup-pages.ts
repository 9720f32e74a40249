import { createHash } from 'node:crypto';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
  button { font: inherit; padding: 0.5rem 1rem; cursor: pointer; }
  code { font-size: 0.9em; overflow-wrap: anywhere; }
`;

/** Forbids everything but the style above, and posting to the one address. */
export function contentSecurityPolicy(formTarget: string): string {
  const style = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${style}'; form-action ${new URL(formTarget).origin}; base-uri 'none'; frame-ancestors 'none'`;
}

export function startPage({ target, manifest, permissions }: { target: string; manifest: object; permissions: object }): string {
  const rows = Object.entries(permissions).map(
    ([name, level]) => `<li>${escaped(name.replace('_', ' '))}: ${escaped(String(level))}</li>`,
  );
  return page(
    'Make the App',
    `<p>GitHub will show you what the App may do, and ask for its name. It is asked for no more than:</p>
<ul>${rows.join('')}</ul>
<form method="post" action="${escaped(target)}">
<input type="hidden" name="manifest" value="${escaped(JSON.stringify(manifest))}">
<button type="submit">Go on to GitHub</button>
</form>`,
  );
}

export function donePage({ name, installUrl, dir }: { name: string; installUrl: string; dir: string }): string {
  return page(
    `${name} is made`,
    `<p>Its key and its webhook secret are in <code>${escaped(dir)}</code>, for you alone.</p>
<p><a href="${escaped(installUrl)}" rel="noreferrer">Install it</a> on the one repository it shall work for.</p>`,
  );
}

export function troublePage(sentence: string): string {
  return page('That did not work', `<p>${escaped(sentence)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escaped(title)}</h1>
${body}
</main></body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
