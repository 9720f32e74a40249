import type { TopLevelSpec } from 'vega-lite';
import { html } from '#bot/evidence/markdown.ts';

/** Colours as they are drawn, and what stands for them where the reader's theme is dark. */
export const COLOURS = {
  ground: '#ffffff',
  ink: '#1f2328',
  quiet: '#59636e',
  grid: '#d1d9e0',
  candidate: '#0969da',
  incumbent: '#bc4c00',
  buyAndHold: '#6e7781',
  mark: '#cf222e',
} as const;
const DARK: Record<keyof typeof COLOURS, string> = {
  ground: '#0d1117',
  ink: '#f0f6fc',
  quiet: '#9198a1',
  grid: '#2b323b',
  candidate: '#4493f8',
  incumbent: '#f0883e',
  buyAndHold: '#7d8590',
  mark: '#f85149',
};
const FONT = '-apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif';

const CONFIG: TopLevelSpec['config'] = {
  background: COLOURS.ground,
  font: FONT,
  padding: 12,
  title: { anchor: 'start', color: COLOURS.ink, fontSize: 18, fontWeight: 600, offset: 14, subtitleColor: COLOURS.quiet },
  axis: {
    domainColor: COLOURS.quiet,
    gridColor: COLOURS.grid,
    labelColor: COLOURS.quiet,
    labelFontSize: 12,
    tickColor: COLOURS.quiet,
    titleColor: COLOURS.ink,
  },
  legend: {
    columnPadding: 28,
    labelColor: COLOURS.ink,
    labelFontSize: 13,
    labelLimit: 0,
    orient: 'top',
    symbolStrokeWidth: 2.5,
    symbolSize: 400,
    title: null,
  },
  view: { stroke: null },
};

/**
 * Draws a Vega-Lite specification as SVG. The same specification gives the same bytes on every platform and version of Node: nothing
 * is measured but in Vega's own estimate of text widths, times are UTC, and the numbers of a path have three decimals.
 * @param words for who cannot see the drawing
 */
export async function vegaSvg(
  spec: TopLevelSpec,
  words: { readonly title: string; readonly description: string },
): Promise<string> {
  // Loaded when it is needed: a second of every start otherwise.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new vega.View(vega.parse(compile({ config: CONFIG, ...spec }).spec), { renderer: 'none' });
  try {
    const drawn = await view.toSVG();
    const head = `<title>${html(words.title)}</title><desc>${html(words.description)}</desc><style>${darkStyle()}</style>`;
    return `${drawn.replace(/^<svg([^>]*)>/, `<svg$1 role="img">${head}`)}\n`;
  } finally {
    view.finalize();
  }
}

/** Vega writes colours as attributes, which a style sheet overrules. */
function darkStyle(): string {
  const rules = (Object.keys(COLOURS) as (keyof typeof COLOURS)[]).flatMap((name) =>
    ['fill', 'stroke'].map((property) => `[${property}="${COLOURS[name]}"]{${property}:${DARK[name]}}`),
  );
  return `@media (prefers-color-scheme:dark){${rules.join('')}}`;
}
