import { code } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { type RenderContext, strategyFileUrl } from '#bot/evidence/render-context.ts';

/** Who wrote this and what it rests on. Nothing is ever read back from this text: the pack is what the gates check. */
export function footer(pack: Pack, context: RenderContext): string {
  const link = strategyFileUrl(context, pack.strategy, PACK_PATH);
  return [
    '---',
    '',
    `<sub>Written by Ratchet from [the evidence pack](${link}) of cycle ${code(pack.cycle)}. The gates check the pack, never this text. Merging is the deployment.</sub>`,
  ].join('\n');
}
