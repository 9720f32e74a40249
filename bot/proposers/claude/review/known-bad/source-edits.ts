/** Edits of a strategy's source as text: each gives null where the source does not read as it takes for granted. */

/** The source with `search` replaced, or null where it does not stand there. */
export function replaced(source: string, search: RegExp, replacement: string | ((...parts: string[]) => string)): string | null {
  const edited = typeof replacement === 'string' ? source.replace(search, replacement) : source.replace(search, replacement);
  return edited === source ? null : edited;
}

/**
 * Puts statements into `onBar` before its first decision.
 * @param statements in terms of the context, by the name that the source gives it
 */
export function beforeDecisions(source: string, statements: (context: string) => readonly string[]): string | null {
  const opening = /^( *)(?:readonly )?onBar(?:: )?\((\w+)(?:: [\w<>, ]+)?\)(?:: \w+)?(?: =>)? \{\n/m.exec(source);
  if (opening === null) return null;
  const [whole, indent, context] = opening;
  const body = opening.index + whole.length;
  const inner = `${indent}  `;
  const firstDecision = new RegExp(`^${inner}(?:if|return)\\b`, 'm').exec(source.slice(body));
  if (firstDecision === null) return null;
  const at = body + firstDecision.index;
  const lines = statements(context!).map((line) => `${inner}${line}\n`);
  return source.slice(0, at) + lines.join('') + source.slice(at);
}

/** Leaves out of `const { a, b } = context;` what an edit has left unused. */
export function withoutUnused(source: string): string {
  return source.replace(/^( *)const \{ ([\w, ]+) \} = (\w+);\n/gm, (line, indent: string, names: string, from: string) => {
    const rest = source.replace(line, '');
    const used = names.split(', ').filter((name) => new RegExp(`\\b${name}\\b(?!:)`).test(rest.slice(source.indexOf(line))));
    return used.length === 0 ? '' : `${indent}const { ${used.join(', ')} } = ${from};\n`;
  });
}
