import type { MarkdownIt } from 'markdown-it';

/** The signs that reports are made of. Many machines have no font for them, so the page draws them itself. */
const SIGNS: Readonly<Record<string, { readonly kind: string; readonly shown: string; readonly name: string }>> = {
  '✅': { kind: 'yes', shown: '✓', name: 'yes' },
  '❌': { kind: 'no', shown: '✗', name: 'no' },
  '🔵': { kind: 'disc blue', shown: '', name: 'blue' },
  '🟠': { kind: 'disc orange', shown: '', name: 'orange' },
  '⚪': { kind: 'disc grey', shown: '', name: 'grey' },
};

const ANY = new RegExp(Object.keys(SIGNS).join('|'), 'gu');

/** Draws the signs above in running text. */
export function drawnSigns(markdown: MarkdownIt): void {
  const plainText = markdown.renderer.rules.text!;
  markdown.renderer.rules.text = (tokens, index, options, env, renderer) =>
    plainText(tokens, index, options, env, renderer).replace(ANY, (sign) => {
      const { kind, shown, name } = SIGNS[sign]!;
      return `<span class="sign ${kind}" role="img" aria-label="${name}">${shown}</span>`;
    });
}
