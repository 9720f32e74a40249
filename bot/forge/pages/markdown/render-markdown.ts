import MarkdownIt from 'markdown-it';
import { escapePath } from '#bot/forge/present/addresses.ts';
import { githubFlavour, githubFlavourRenderers, taskLines } from './github-flavour.ts';
import { safeHtml } from './safe-html.ts';
import { drawnSigns } from './signs.ts';

/** Where a text stands, for its links. */
export interface MarkdownPlace {
  /** The repository's address without a host: `/owner/name`. */
  readonly repository: string;
  /** For files: the commit or branch and the folder that relative links start from. */
  readonly file?: { readonly ref: string; readonly folder: string };
  /** The id of a form whose buttons the boxes of tasks become; without one they only show. */
  readonly ticks?: string;
}

const markdown = new MarkdownIt({ html: true, linkify: true, breaks: false });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
markdown.use(githubFlavour).use(githubFlavourRenderers).use(safeHtml).use(drawnSigns);

const plainFence = markdown.renderer.rules.fence!;
markdown.renderer.rules.fence = (tokens, index, options, env, renderer) => {
  const token = tokens[index]!;
  if (token.info.trim() !== 'mermaid') return plainFence(tokens, index, options, env, renderer);
  return `<figure class="chart" tabindex="0"><pre class="chart-source">${markdown.utils.escapeHtml(token.content)}</pre></figure>\n`;
};

markdown.core.ruler.push('places', (state) => {
  const place = state.env.place as MarkdownPlace;
  for (const token of state.tokens) {
    let depth = 0;
    for (const child of token.children ?? []) {
      if (child.type === 'link_open') {
        depth += 1;
        const target = String(child.attrGet('href') ?? '');
        child.attrSet('href', resolved(target, place, 'blob'));
        if (/^https?:/i.test(target)) child.attrSet('rel', 'nofollow noopener noreferrer');
      } else if (child.type === 'link_close') depth -= 1;
      else if (child.type === 'image') {
        child.attrSet('src', resolved(String(child.attrGet('src') ?? ''), place, 'raw'));
        child.attrSet('loading', 'lazy');
      } else if (child.type === 'text' && depth === 0) linkReferences(child, place, markdown.utils.escapeHtml);
    }
  }
});

interface TextToken {
  type: string;
  content: string;
}

const REFERENCE = /(^|[\s([])(?:#(\d{1,9})|([0-9a-f]{40}))\b/g;

/** `#12` and full commit hashes in running text lead where they point. */
function linkReferences(token: TextToken, place: MarkdownPlace, escapeHtml: (text: string) => string): void {
  if (token.content.search(REFERENCE) < 0) return;
  token.type = 'html_inline';
  token.content = escapeHtml(token.content).replace(
    REFERENCE,
    (_all, before: string, number: string | undefined, sha: string | undefined) =>
      number === undefined
        ? `${before}<a href="${escapeHtml(place.repository)}/commit/${sha}"><code>${sha!.slice(0, 7)}</code></a>`
        : `${before}<a href="${escapeHtml(place.repository)}/issues/${number}">#${number}</a>`,
  );
}

/** Relative links of a file lead to the file beside it; those of a comment are the browser's affair. */
function resolved(target: string, place: MarkdownPlace, view: 'blob' | 'raw'): string {
  if (target === '' || target.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(target)) return target;
  if (target.startsWith('#')) return `#user-content-${target.slice(1)}`;
  if (place.file === undefined) return target;
  const { ref, folder } = place.file;
  const base = `http://forge/${folder === '' ? '' : `${escapePath(folder)}/`}`;
  const url = new URL(target, base);
  return `${place.repository}/${view}/${escapePath(ref)}${url.pathname}${url.hash}`;
}

/**
 * GitHub-flavoured Markdown as HTML that can do nothing: no script, no style, no frame, no form, no link to `javascript:`.
 * Charts (`mermaid`) come out as their source, which the page draws.
 */
export function renderMarkdown(text: string, place: MarkdownPlace): string {
  return markdown.render(text, { place, ticks: place.ticks });
}

const BOX = /\[[ xX]\](?= )/;

/** The text with one of its boxes turned over. @returns null when it has no such box */
export function turnTask(text: string, task: number): string | null {
  const line = taskLines(markdown.parse(text, { place: { repository: '' } }))[task];
  const lines = text.split('\n');
  const written = line === undefined ? undefined : lines[line];
  if (line === undefined || written === undefined || !BOX.test(written)) return null;
  lines[line] = written.replace(BOX, (box) => (box === '[ ]' ? '[x]' : '[ ]'));
  return lines.join('\n');
}
