import { html } from '#bot/evidence/markdown.ts';

/** Both themes in one sheet; a wide table scrolls by itself, so that the page never does. */
const STYLE = `
:root{color-scheme:light dark;--ground:#ffffff;--ink:#1f2328;--quiet:#59636e;--line:#d1d9e0;--warn:#9a6700;--warn-ground:#fff8c5}
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--ink:#f0f6fc;--quiet:#9198a1;--line:#3d444d;--warn:#d29922;--warn-ground:#272115}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);font:1rem/1.5 -apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem;overflow-wrap:anywhere}
.label{color:var(--quiet);margin:0 0 1rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:1.5rem 0}
table{border-collapse:collapse;width:100%}
caption{text-align:left;font-weight:600;font-size:1.1rem;padding:0 0 .35rem}
th,td{border-bottom:1px solid var(--line);padding:.35rem .75rem .35rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere;min-width:6rem}
thead th{color:var(--quiet);font-weight:600}
tbody th{font-weight:400}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;padding-left:.75rem}
.caveats{margin:1rem 0;border-left:.25rem solid var(--warn);background:var(--warn-ground);padding:.5rem 1rem;overflow-wrap:anywhere}
.caveats h2{color:var(--warn);font-size:1rem;margin:0}
.caveats ul{margin:.25rem 0;padding-left:1.25rem}
figure{margin:1.5rem 0}
figcaption{color:var(--quiet);font-size:.9rem}
figure svg{display:block;max-width:100%;height:auto}
`.trim();

/**
 * A whole page that stands by itself: it asks nobody for anything, and forbids itself to.
 * @param title plain text
 * @param parts HTML, in order
 */
export function page(title: string, parts: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${html(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    ...parts,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

export interface PageTable {
  readonly caption: string;
  readonly columns: readonly { readonly title: string; readonly isNumber?: boolean }[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly string[])[];
}

/** A table of plain text, whose rows and columns say to a screen reader what they are heads of; nothing when it has no row. */
export function pageTable({ caption, columns, rows }: PageTable): string {
  if (rows.length === 0) return '';
  const kind = (index: number): string => (columns[index]!.isNumber === true ? ' class="number"' : '');
  const head = columns.map(({ title }, index) => `<th scope="col"${kind(index)}>${html(title)}</th>`).join('');
  const body = rows.map(([name, ...cells]) => {
    const values = cells.map((cell, index) => `<td${kind(index + 1)}>${html(cell)}</td>`).join('');
    return `<tr><th scope="row">${html(name!)}</th>${values}</tr>`;
  });
  // What scrolls must be reached without a mouse, and have a name there.
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${html(caption)}">`,
    `<table><caption>${html(caption)}</caption>`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody></table>`,
    '</div>',
  ].join('\n');
}
