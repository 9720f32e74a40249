/** What a comment is to the bot: nothing, or a command with its words. */
export type ParsedComment =
  | { readonly kind: 'ignore' }
  | { readonly kind: 'command'; readonly name: string; readonly words: readonly string[] };

/**
 * A comment is a command when it starts with one: a slash and a word, on its one and only line. Quotes, code and
 * a slash inside a sentence are talk; so is a line that is set in by a tab or four spaces, which is code too.
 */
export function parseComment(body: string): ParsedComment {
  const text = body
    .toWellFormed()
    .replace(/^(?:[ \t]*\r?\n)+/, '')
    .trimEnd();
  if (/[\n\r\u0085\u2028\u2029]/.test(text) || /^(?: {4}| {0,3}\t)/.test(text)) return { kind: 'ignore' };
  const match = text.trimStart().match(/^\/([a-z][a-z-]*)((?:\s+\S+)*)$/i);
  if (match === null) return { kind: 'ignore' };
  return { kind: 'command', name: match[1]!.toLowerCase(), words: match[2]!.split(/\s+/).filter((word) => word !== '') };
}
