import { code, folded, table, text } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/** The comment commands that work here; no section when there are none. */
export function commands(_pack: Pack, context: RenderContext): string {
  if (context.commands.length === 0) return '';
  const rows = context.commands.map((command) => [code(command.usage), text(command.summary)]);
  const list = table(
    [
      { title: 'Comment', alignment: 'left' },
      { title: 'What it does', alignment: 'left' },
    ],
    rows,
  );
  return folded('Commands: write one as a comment', list);
}
