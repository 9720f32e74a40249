import type { MarkdownIt, Token } from 'markdown-it';

/** The HTML a comment may hold: what folds, breaks a line or changes the face of a few words. No attribute but `open`. */
const BLOCK_TAGS: ReadonlySet<string> = new Set(['details', 'summary', 'sub', 'sup', 'kbd', 'code', 'ins']);
const INLINE_TAGS: ReadonlySet<string> = new Set(['sub', 'sup', 'kbd', 'code', 'ins']);

const PIECE = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][a-zA-Z0-9-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>|[^<]+|</g;

interface OpenTag {
  readonly name: string;
  /** How deep in lists, quotes or emphasis it was opened: it can be closed only there. */
  readonly level: number;
}

/**
 * Lets the tags above through and shows every other tag as text. Tags are balanced inside the list item, quote or
 * emphasis they stand in (an end without a beginning is dropped, a beginning without an end is closed), so that no comment can reach
 * out of its box.
 */
export function safeHtml(markdown: MarkdownIt): void {
  const { escapeHtml } = markdown.utils;
  markdown.core.ruler.push('safe_html', (state) => {
    const balance = (tokens: readonly Token[], type: 'html_block' | 'html_inline', allowed: ReadonlySet<string>): Token[] => {
      const open: OpenTag[] = [];
      const made: Token[] = [];
      const close = (level: number) => {
        const token = new state.Token(type, '', 0);
        token.content = closing(openBelow(open, level));
        if (token.content !== '') made.push(token);
      };
      for (const token of tokens) {
        if (token.nesting === -1) close(token.level);
        if (token.type === type) token.content = filtered(token.content, allowed, open, token.level, escapeHtml);
        made.push(token);
      }
      close(-1);
      return made;
    };
    for (const token of state.tokens) {
      if (token.children !== null) token.children = balance(token.children, 'html_inline', INLINE_TAGS);
    }
    state.tokens = balance(state.tokens, 'html_block', BLOCK_TAGS);
  });
}

function filtered(
  content: string,
  allowed: ReadonlySet<string>,
  open: OpenTag[],
  level: number,
  escapeHtml: (text: string) => string,
): string {
  let made = '';
  for (const match of content.matchAll(PIECE)) {
    const [piece, slash, name, attributes] = match;
    if (piece.startsWith('<!--')) continue;
    const tag = name?.toLowerCase();
    if (tag === undefined) made += escapeHtml(piece);
    else if (tag === 'br') made += '<br>';
    else if (!allowed.has(tag)) made += escapeHtml(piece);
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
