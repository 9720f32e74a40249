import { fenced, shellWord } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/** The exact command that proves every number of the pack at once. */
export function reproduce(_pack: Pack, context: RenderContext): string {
  const head = shellWord(context.head.sha);
  return [
    '### How to reproduce',
    '',
    fenced('sh', `npx ratchet gate backtest --base ${shellWord(context.base.sha)} --head ${head}`),
    '',
    'Run it where Ratchet stands. It runs every backtest behind these numbers again, in fresh sandboxes, from the digests of the base commit, and fails when one byte differs.',
  ].join('\n');
}
