import type { MarkdownIt, StateCore, Token } from 'markdown-it';

const ALERTS: Readonly<Record<string, string>> = {
  note: 'Note',
  tip: 'Tip',
  important: 'Important',
  warning: 'Warning',
  caution: 'Caution',
};

/** `> [!WARNING]` becomes a box of that kind, `- [x]` a box that is ticked; cells keep their side without inline style. */
export function githubFlavour(markdown: MarkdownIt): void {
  markdown.core.ruler.after('inline', 'alerts', ({ tokens }) => {
    tokens.forEach((token, index) => {
      markAlert(tokens, token, index);
    });
  });
  markdown.core.ruler.after('inline', 'task_lists', (state) => {
    state.tokens.forEach((token, index) => {
      markTask(state, token, index);
    });
  });
  markdown.core.ruler.after('inline', 'heading_anchors', (state) => anchorHeadings(state));
  for (const name of ['th_open', 'td_open'] as const) {
    markdown.renderer.rules[name] = (tokens, index, options, _env, renderer) => {
      const token = tokens[index]!;
      const side = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1];
      token.attrs = side === undefined ? null : [['class', side]];
      return renderer.renderToken(tokens, index, options);
    };
  }
  markdown.renderer.rules.table_open = () => '<div class="table-scroll" tabindex="0"><table>\n';
  markdown.renderer.rules.table_close = () => '</table></div>\n';
}

function markAlert(tokens: readonly Token[], token: Token, index: number): void {
  const inline = tokens[index + 2];
  const first = inline?.children?.[0];
  if (token.type !== 'blockquote_open' || inline?.type !== 'inline' || first?.type !== 'text') return;
  const kind = /^\[!(\w+)\]$/.exec(first.content.trim())?.[1]?.toLowerCase();
  const title = kind === undefined ? undefined : ALERTS[kind];
  if (kind === undefined || title === undefined) return;
  token.attrJoin('class', `alert ${kind}`);
  // The marker's own line gives way to the title, which stands in the same paragraph.
  first.type = 'strong_text';
  first.content = title;
}

function markTask(state: StateCore, token: Token, index: number): void {
  const first = token.children?.[0];
  const item = state.tokens[index - 2];
  if (token.type !== 'inline' || item?.type !== 'list_item_open' || first?.type !== 'text') return;
  const match = /^\[([ xX])\] /.exec(first.content);
  if (match === null) return;
  item.attrJoin('class', 'task');
  first.content = first.content.slice(match[0].length);
  const box = new state.Token('task_box', '', 0);
  box.meta = { isDone: match[1] !== ' ' };
  token.children!.unshift(box);
}

/** Every heading can be linked to; the names carry a prefix so that they never meet the page's own. */
function anchorHeadings(state: StateCore): void {
  const seen = new Map<string, number>();
  state.tokens.forEach((token, index) => {
    if (token.type !== 'heading_open') return;
    const words = state.tokens[index + 1]!.children!.map((child) => child.content).join('');
    const slug = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replace(/ /g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    token.attrSet('id', `user-content-${times === 0 ? slug : `${slug}-${times}`}`);
  });
}

/** The two token kinds that the rules above make. */
export function githubFlavourRenderers(markdown: MarkdownIt): void {
  const { escapeHtml } = markdown.utils;
  markdown.renderer.rules.strong_text = (tokens, index) =>
    `<strong class="alert-title">${escapeHtml(tokens[index]!.content)}</strong>`;
  markdown.renderer.rules.task_box = (tokens, index, _options, given) => {
    const env = given as TaskPlace;
    const isDone = tokens[index]!.meta?.isDone === true;
    if (env.ticks === undefined) return `<input type="checkbox" disabled${isDone ? ' checked' : ''}> `;
    env.tasksSeen = (env.tasksSeen ?? 0) + 1;
    return `<button class="tick" type="submit" form="${escapeHtml(env.ticks)}" name="task" value="${env.tasksSeen - 1}" role="checkbox" aria-checked="${isDone}" title="${isDone ? 'Untick' : 'Tick'}"></button> `;
  };
}

/** With the id of a form on the page, boxes are buttons of it that can be ticked. */
export interface TaskPlace {
  readonly ticks?: string;
  tasksSeen?: number;
}

/** Lines of the text, counted from 0, whose list item begins with a box, in the order of their boxes. */
export function taskLines(tokens: readonly Token[]): readonly number[] {
  return tokens.flatMap((token) => (token.children?.[0]?.type === 'task_box' && token.map !== null ? [token.map[0]] : []));
}
