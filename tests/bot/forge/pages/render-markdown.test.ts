import { describe, expect, it } from 'vitest';
import { renderPullRequest } from '#bot/evidence/render.ts';
import { renderMarkdown } from '#bot/forge/pages/markdown/render-markdown.ts';
import fc from '#tests/support/properties.ts';
import { sampleContext, samplePack } from '#tests/support/sample-pack.ts';

const place = { repository: '/you/strategies' };
const show = (text: string) => renderMarkdown(text, place);

const EMPTY = new Set(['br', 'hr', 'img', 'input']);
const ALLOWED =
  /^(p|h[1-6]|ul|ol|li|a|code|pre|blockquote|strong|em|s|table|thead|tbody|tr|th|td|div|hr|br|img|input|figure|span|details|summary|sub|sup|kbd|ins)$/;

/** The first thing wrong with some HTML as a browser would read it: an unknown tag, or one that is not closed where it should be. */
function firstFault(html: string): string | null {
  const open: string[] = [];
  for (const [tag, slash, name] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:"[^"]*"|[^">])*>/g)) {
    if (!ALLOWED.test(name!)) return tag!;
    if (/\son\w+=/i.test(tag!) || /\sstyle=/i.test(tag!)) return tag!;
    if (EMPTY.has(name!)) continue;
    if (slash === '') open.push(name!);
    else if (open.pop() !== name) return `${tag} does not close what was opened last`;
  }
  return open.length === 0 ? null : `${open.join(' ')} stays open`;
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '[x](javascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '<details onclick=alert(1)>x',
  '</details></div></body>',
  '> <details>\n\nout\n\n</details>',
  '- <details><summary>a\n- </details>',
  '<sub>a\n\nb</sub>',
  '<code>**a**\n\n<kbd>',
  '<iframe src=//x></iframe><style>*{}</style><form><input name=form_key>',
  '```mermaid\n</pre><script>alert(1)</script>\n```',
  '<!-- <script> --><b>x</b>',
  '# <summary>\n</summary>',
];

describe('Markdown on the pages', () => {
  it.each(HOSTILE)('lets %j do nothing and stay in its box', (text) => {
    const html = show(text);
    expect(firstFault(html)).toBeNull();
    expect(html).not.toMatch(/href="(javascript|data|vbscript):/i);
  });

  it('stays in its box whatever is written', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<details>',
        '</details>',
        '<summary>',
        '</summary>',
        '<sub>',
        '</sub>',
        '<code>',
        '<script>',
        '> ',
        '- ',
        '\n',
        '\n\n',
        '`',
        '| a | b |\n| - | - |\n',
        '# ',
        '<!--',
        '-->',
        '<br>',
        '<b x="',
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        expect(firstFault(show(pieces.join('')))).toBeNull();
      }),
      { numRuns: 3_000 },
    );
  });

  it('shows the body of a real pull request with its folds, tables and chart', () => {
    const { body } = renderPullRequest(samplePack(), sampleContext());
    const folds = body.match(/^<details>$/gm) ?? [];
    const html = show(body);
    expect(firstFault(html)).toBeNull();
    expect(folds.length).toBeGreaterThan(0);
    expect(html.match(/<details>/g)).toEqual(folds);
    expect(html).toContain('<pre class="chart-source">');
    expect(html).toContain('<th class="right">Candidate</th>');
    expect(html).toContain('aria-label="yes"');
  });

  it('knows task lists, alerts and anchors', () => {
    expect(show('- [x] done\n- [ ] open')).toContain('<li class="task"><input type="checkbox" disabled checked> done</li>');
    expect(show('> [!WARNING]\n> careful')).toContain(
      '<blockquote class="alert warning">\n<p><strong class="alert-title">Warning</strong>',
    );
    expect(show('> [!OTHER]\n> plain')).toContain('[!OTHER]');
    expect(show('## Same\n\n## Same')).toContain('id="user-content-same-1"');
  });

  it('links numbers and commits in running text, and nothing inside code or links', () => {
    expect(show('see #12')).toContain('<a href="/you/strategies/issues/12">#12</a>');
    expect(show(`at ${'a'.repeat(40)}`)).toContain(`/you/strategies/commit/${'a'.repeat(40)}`);
    expect(show('`#12` and [#13](x)')).not.toContain('/issues/');
  });

  it('resolves relative links of a file beside it, and pictures to their bytes', () => {
    const file = { ref: 'main', folder: 'docs' };
    const html = renderMarkdown('[a](guide.md#x) ![b](../pic.png) [c](#here) [d](https://example.org)', { ...place, file });
    expect(html).toContain('href="/you/strategies/blob/main/docs/guide.md#x"');
    expect(html).toContain('src="/you/strategies/raw/main/pic.png"');
    expect(html).toContain('href="#user-content-here"');
    expect(html).toContain('href="https://example.org" rel="nofollow noopener noreferrer"');
  });
});
