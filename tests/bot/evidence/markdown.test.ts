import markdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import { parseComment } from '#bot/commands/parse-comment.ts';
import {
  code,
  fenced,
  folded,
  harmless,
  html,
  plain,
  quotation,
  shellWord,
  shortened,
  table,
  text,
  visible,
} from '#bot/evidence/markdown.ts';
import fc from '#tests/support/properties.ts';

/** As permissive as a page could be: what does nothing here does nothing on GitHub. */
const renderer = markdownIt({ html: true, linkify: true });

const ZERO_WIDTH = /\u200B/g;

function shownBy(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(ZERO_WIDTH, '')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .trim();
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '| a | b |',
  '`code` ``` fence',
  '![picture](http://evil.example/x.png)',
  '[link](javascript:alert(1))',
  '- [ ] box',
  '1. one',
  '# heading',
  '--- ',
  '***bold*** _em_ ~~gone~~',
  'a\n\n<details>\n\nb',
  '&lt;b&gt; &amp; &#35;',
  'x^2 $math$ \\command',
  'https://evil.example and www.evil.example and a@b.example',
];

describe('text that comes from elsewhere', () => {
  it.each(HOSTILE)('shows %j as it stands and does nothing', (raw) => {
    const rendered = renderer.render(`> ${text(raw)}`);
    expect(rendered.replace(/<\/?(blockquote|p)>/g, '')).not.toMatch(/<[^>]*>/);
    expect(shownBy(rendered)).toBe(visible(raw));
  });

  it('shows any text at all as it stands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (raw) => {
        const shown = visible(raw);
        const rendered = renderer.renderInline(`a ${text(`z${raw}`)}`);
        expect(rendered).not.toMatch(/<(?!\/?code>)[^>]*>/);
        expect(shownBy(rendered)).toBe(`a ${visible(`z${raw}`)}`);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('calls nobody, closes nothing and links nothing', () => {
    const escaped = renderer.renderInline(text('Fixes #12, see @octocat, GH-7, owner/name#3 and https://example.org'));
    expect(escaped).not.toMatch(/@\w/);
    expect(escaped).not.toMatch(/#\d/);
    expect(escaped).not.toMatch(/GH-\d/);
    expect(escaped).not.toContain('://');
  });

  it('names characters that hide or turn text around', () => {
    expect(visible('safe\u202Eexe.txt\u200B')).toBe('safe[U+202E]exe.txt[U+200B]');
    expect(visible('a\u0000b\uD800c')).toBe('a[U+0000]b\uFFFDc');
  });
});

describe('a sentence of ours that quotes somebody', () => {
  it('calls nobody, leads nowhere, shows no picture and hides nothing, and keeps its own code', () => {
    const quoted = harmless('`/x` failed: @octo said <!-- ratchet:answer:1 --> ![p](http://p) [l](https://l) www.x.y \u202e');
    expect(quoted).toBe(
      '`/x` failed: @&#8203;octo said &lt;!-- ratchet:answer:1 --> \\!\\[p\\]\\(http:&#8203;//p) [l\\]\\(https:&#8203;//l) www&#8203;.x.y [U+202E]',
    );
  });

  it('makes no mention of an entity and no reference of a number', () => {
    const rendered = renderer.renderInline(
      harmless('R&D said &#64;acme/team &commat;octo fixes #12, acme/main#3, GH-4 and `a && b`'),
    );
    expect(shownBy(rendered)).toBe('R&D said &#64;acme/team &commat;octo fixes #12, acme/main#3, GH-4 and a && b');
    expect(rendered).not.toMatch(/@\w|#\d|GH-\d/);
  });
});

describe('a title or the message of a commit', () => {
  it('closes nothing, calls nobody and leads nowhere', () => {
    const said = 'Fixes GH-1, closes https://github.com/acme/main/issues/2, resolves acme/main#3 and #4 for @octo: www.x.example';
    expect(plain(said)).toBe(
      'Fixes GH- 1, closes https: //github.com/acme/main/issues/2, resolves acme/main 3 and 4 for octo: www .x.example',
    );
  });

  it('keeps words that only look like references', () => {
    expect(plain('high-5: EMA 12/26 (GH-a), −3 % → 1:2')).toBe('high-5: EMA 12/26 (GH-a), −3 % → 1:2');
  });
});

describe('a quotation of several lines', () => {
  it('keeps lines and paragraphs, and none of its lines is a command', () => {
    const quoted = quotation('First.\n/merge 0123456\r\n\n\n  /halt\u2028- [ ] box\n\n');
    expect(quoted).toBe('> First.\\\n> &#47;merge 0123456\n>\n> &#47;halt\\\n> \\- \\[ \\] box');
    expect(renderer.render(quoted)).toBe(
      '<blockquote>\n<p>First.<br>\n/merge 0123456</p>\n<p>/halt<br>\n- [ ] box</p>\n</blockquote>\n',
    );
  });

  it('does nothing, whatever it says', () => {
    const sign = fc.constantFrom(
      '/',
      '\n',
      '\r',
      '>',
      '-',
      '#',
      '`',
      '|',
      '<',
      '[',
      ']',
      '(',
      ')',
      '!',
      '@',
      '=',
      '~',
      ' ',
      '\t',
      'a',
      '1',
      '.',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(sign, { maxLength: 40 }).map((signs) => signs.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (raw) => {
          const quoted = quotation(raw);
          for (const line of quoted.split('\n')) expect(parseComment(line)).toEqual({ kind: 'ignore' });
          expect(renderer.render(quoted).replace(/<\/?(?:blockquote|p)>|<br>/g, '')).not.toMatch(/<[^>]*>/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('code', () => {
  it('keeps backticks and pipes inside', () => {
    const rendered = renderer.render(`| a |\n| - |\n| ${code('a|b`c')} |`);
    expect(rendered).toContain('<td><code>a|b`c</code></td>');
  });

  it('fences whatever holds a fence', () => {
    const rendered = renderer.render(fenced('sh', 'echo ```\n```` x'));
    expect(rendered).toBe('<pre><code class="language-sh">echo ```\n```` x\n</code></pre>\n');
  });
});

describe('a table', () => {
  it('keeps hostile cells in their column', () => {
    const made = table(
      [
        { title: 'a', alignment: 'left' },
        { title: 'b', alignment: 'right' },
      ],
      [[text('x | y'), text('line\nbreak')]],
    );
    expect(renderer.render(made)).toMatch(
      /<td style="text-align:left">x \| y<\/td>\s*<td style="text-align:right">line break<\/td>/,
    );
  });
});

describe('small parts', () => {
  it('escapes a summary', () => {
    expect(folded('a < b', 'c')).toContain('<summary>a &lt; b</summary>');
    expect(html('"<&>"')).toBe('&quot;&lt;&amp;&gt;&quot;');
  });

  it('cuts on whole characters', () => {
    expect(shortened('📈📈📈', 4)).toBe('📈…');
    expect(shortened('📈📈📈', 5)).toBe('📈📈…');
    expect(shortened('📈📈📈', 6)).toBe('📈📈📈');
    expect(shortened('abc', 3)).toBe('abc');
  });

  it('quotes what a shell would read', () => {
    expect(shellWord('fast=14')).toBe('fast=14');
    expect(shellWord("a'; rm -rf $HOME")).toBe(`'a'\\''; rm -rf $HOME'`);
  });
});
