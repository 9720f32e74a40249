import { equitySvg } from '#bot/evidence/charts/equity-svg.ts';
import { html } from '#bot/evidence/markdown.ts';
import type { Pack } from '#bot/evidence/pack.ts';

/** The pack's chart as part of a page; it names and describes itself to who cannot see it. */
export async function chart(pack: Pack): Promise<string> {
  const caption = `Night ${pack.cycle}, on its selection data. The development data is not drawn: a pack does not keep it day by day.`;
  return `<figure>\n${await equitySvg(pack)}<figcaption>${html(caption)}</figcaption>\n</figure>`;
}
