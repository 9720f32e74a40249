/**
 * Markdown written by a program from text it must not trust. A hypothesis may hold pipes, backticks, tags, mentions,
 * references that close issues, or characters that turn the line around: none of them may act.
 */

/** Characters that hide or reorder text, and control characters; a newline is handled before. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;
const LONE_SURROGATE = /\p{Cs}/gu;

/** One line of text in which every hidden character is named (`[U+202E]`) and runs of white space are one space. */
export function visible(raw: string): string {
  return raw
    .replace(LONE_SURROGATE, '\uFFFD')
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(HIDDEN, (character) => `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`);
}

/**
 * Inline Markdown that shows `raw` and does nothing else. Entities stand for what HTML and tables read; a zero-width
 * space behind `@`, `#`, `GH` and inside `://` keeps GitHub from making mentions, references and links, which neither
 * a backslash nor an entity prevents.
 */
export function text(raw: string): string {
  const escaped = visible(raw)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()!~^]/g, '\\$&')
    .replace(/\|/g, '&#124;')
    .replace(/\$/g, '&#36;&#8203;')
    .replace(/@/g, '@&#8203;')
    .replace(/(?<!&)#/g, '\\#&#8203;')
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2');
  return apart(escaped, '&#8203;');
}

/** What GitHub makes a reference or a link of where no Markdown is, with a `gap` where it comes apart. */
function apart(raw: string, gap: string): string {
  return raw
    .replace(/(?<![a-z\d])GH-(?=\d)/gi, `$&${gap}`)
    .replace(/:(?=\/\/)/g, `:${gap}`)
    .replace(/(?<![a-z\d])www(?=\.)/gi, `$&${gap}`)
    .replace(/(?<![a-z\d])(?:mailto|xmpp)(?=:)/gi, `$&${gap}`);
}

/**
 * Foreign text of several lines as a quotation that shows its words and does nothing else: no line of it begins with what some program
 * reads as a command, a heading or a list.
 */
export function quotation(raw: string): string {
  const lines = raw
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/)
    .map((line) => text(line).replace(/^\//, '&#47;'))
    .filter((line, index, all) => line !== '' || (index > 0 && all[index - 1] !== ''));
  while (lines.at(-1) === '') lines.pop();
  // A backslash at its end breaks the line wherever Markdown is read, not only in comments.
  return lines.map((line, index) => (line === '' ? '>' : `> ${line}${lines[index + 1] ? '\\' : ''}`)).join('\n');
}

/** Text in the fixed-width face, safe in a table cell too. Mentions do not act inside code. */
export function code(raw: string): string {
  const shown = visible(raw);
  if (shown === '') return '';
  return /[`|\\]/.test(shown) ? `<code>${text(shown)}</code>` : `\`${shown}\``;
}

/**
 * A sentence of ours that may quote somebody: its code spans and emphasis stay, but nothing in it calls a person, leads anywhere,
 * shows a picture, names an issue or hides.
 */
export function harmless(markdown: string): string {
  const escaped = visible(markdown)
    .replace(/&(?=#?\w+;)/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/#(?=\d)/g, '#&#8203;')
    .replace(/@(?=\w)/g, '@&#8203;')
    .replace(/\]\(/g, '\\]\\(')
    .replace(/!\[/g, '\\!\\[');
  return apart(escaped, '&#8203;');
}

/**
 * Text for titles and commit messages, which act as Markdown nowhere but where `#12`, `GH-12` or an issue's address closes an issue
 * and `@name` calls a person: whatever is not a letter, a digit or harmless punctuation is left out, and references come apart.
 */
export function plain(raw: string): string {
  return apart(visible(raw.replace(/[^\p{L}\p{N} .,:;%+=()/×→←−–_'-]/gu, ' ')), ' ');
}

/** A block of code whose fence is longer than any run of backticks inside. */
export function fenced(language: string, content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

export type Alignment = 'left' | 'right' | 'centre';

export interface Column {
  /** Markdown. */
  readonly title: string;
  readonly alignment: Alignment;
}

const RULES: Record<Alignment, string> = { left: ':--', right: '--:', centre: ':-:' };

/** A table; cells are Markdown already, made with `text` or `code` where they hold foreign words. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.title), columns.map((column) => RULES[column.alignment]), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A part the reader opens. The blank lines let Markdown work inside. `summary` is plain text. */
export function folded(summary: string, content: string): string {
  return `<details>\n<summary>${html(summary)}</summary>\n\n${content}\n\n</details>`;
}

/** `raw` cut to a `length` of at most so much, as schemas count it, on a whole character and with an ellipsis. */
export function shortened(raw: string, length: number): string {
  if (raw.length <= length) return raw;
  const cut = raw.slice(0, length - 1);
  return `${(cut.isWellFormed() ? cut : cut.slice(0, -1)).trimEnd()}…`;
}

/** Text inside HTML or SVG. */
export function html(raw: string): string {
  return visible(raw).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** One word of a shell command: quoted when it holds anything the shell would read. */
export function shellWord(raw: string): string {
  return /^[\w@%+=:,./-]+$/.test(raw) ? raw : `'${visible(raw).replace(/'/g, `'\\''`)}'`;
}
