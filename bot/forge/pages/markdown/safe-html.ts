import type { MarkdownIt } from 'markdown-it';

/** The HTML a comment may hold: what folds, breaks a line or changes the face of a few words. No attribute but `open`. */
const BLOCK_TAGS: ReadonlySet<string> = new Set(['details', 'summary', 'sub', 'sup', 'kbd', 'code', 'ins']);
const INLINE_TAGS: ReadonlySet<string> = new Set(['sub', 'sup', 'kbd', 'code', 'ins']);

const PIECE = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>|[^<]+|</g;

interface OpenTag {
  readonly name: string;
  /** How deep in lists and quotes it was opened: it can be closed only there. */
  readonly level: number;
}

/**
 * Lets the tags above through and shows every other tag as text. Tags are balanced inside the list item or quote they
 * stand in (an end without a beginning is dropped, a beginning without an end is closed), so that no comment can reach
 * out of its box.
 */
export function safeHtml(markdown: MarkdownIt): void {
  const { escapeHtml } = markdown.utils;
  markdown.core.ruler.push('safe_html', (state) => {
    const open: OpenTag[] = [];
    const made: typeof state.tokens = [];
    const close = (level: number) => {
      const ends = openBelow(open, level);
      if (ends.length === 0) return;
      const token = new state.Token('html_block', '', 0);
      token.content = closing(ends);
      made.push(token);
    };
    for (const token of state.tokens) {
      if (token.nesting === -1) close(token.level);
      if (token.type === 'html_block') token.content = filtered(token.content, BLOCK_TAGS, open, token.level, escapeHtml);
      if (token.type === 'inline' && token.children !== null) {
        const openInline: OpenTag[] = [];
        for (const child of token.children) {
          if (child.type === 'html_inline') child.content = filtered(child.content, INLINE_TAGS, openInline, 0, escapeHtml);
        }
        const end = new state.Token('html_inline', '', 0);
        end.content = closing(openInline);
        token.children.push(end);
      }
      made.push(token);
    }
    close(-1);
    state.tokens = made;
  });
}

function filtered(
  content: string,
  allowed: ReadonlySet<string>,
  open: OpenTag[],
  level: number,
  escape: (text: string) => string,
): string {
  let made = '';
  for (const match of content.matchAll(PIECE)) {
    const [piece, slash, name, attributes] = match;
    if (piece.startsWith('<!--')) continue;
    const tag = name?.toLowerCase();
    if (tag === undefined) made += escape(piece);
    else if (tag === 'br') made += '<br>';
    else if (!allowed.has(tag)) made += escape(piece);
    else if (slash === '/') made += ended(tag, level, open);
    else {
      open.push({ name: tag, level });
      made += tag === 'details' && /^\s+open(\s|=|$)/i.test(attributes ?? '') ? '<details open>' : `<${tag}>`;
    }
  }
  return made;
}

/** Ends the innermost `tag` of this level, and what was left open inside it. */
function ended(tag: string, level: number, open: OpenTag[]): string {
  const at = open.findLastIndex((candidate) => candidate.name === tag && candidate.level === level);
  return at < 0 ? '' : closing(open.splice(at));
}

/** Takes the tags opened deeper than `level` off the list. */
function openBelow(open: OpenTag[], level: number): OpenTag[] {
  const first = open.findIndex((candidate) => candidate.level > level);
  return first < 0 ? [] : open.splice(first);
}

function closing(open: readonly OpenTag[]): string {
  return [...open]
    .reverse()
    .map((tag) => `</${tag.name}>`)
    .join('');
}
