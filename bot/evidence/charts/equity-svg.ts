import { html } from '#bot/evidence/markdown.ts';
import { days, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { dateTicks, roundScale, type Scale } from './scale.ts';
import { drawdowns, LINE_LABELS, LINE_NAMES, type LineName, type Lines, linesOf } from './series.ts';

/** Beside the pack, inside the strategy's folder. */
export const EQUITY_SVG_PATH = 'evidence/equity.svg';

const WIDTH = 960;
const HEIGHT = 600;
/** The plot's left and right edges; the right margin holds the lines' end values. */
const LEFT = 76;
const RIGHT = WIDTH - 92;

interface Panel {
  readonly top: number;
  readonly bottom: number;
}
const EQUITY_PANEL: Panel = { top: 132, bottom: 396 };
const DRAWDOWN_PANEL: Panel = { top: 446, bottom: 556 };

/** Colours follow the reader's theme; the dashes tell the lines apart without colour. */
const STYLE = `
svg{--ground:#ffffff;--ink:#1f2328;--quiet:#59636e;--grid:#d1d9e0;--candidate:#0969da;--incumbent:#bc4c00;--buyAndHold:#6e7781;--mark:#cf222e}
@media (prefers-color-scheme:dark){svg{--ground:#0d1117;--ink:#f0f6fc;--quiet:#9198a1;--grid:#2b323b;--candidate:#4493f8;--incumbent:#f0883e;--buyAndHold:#7d8590;--mark:#f85149}}
text{font-family:-apple-system,BlinkMacSystemFont,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;font-size:12px;fill:var(--quiet);font-variant-numeric:tabular-nums}
.title{font-size:18px;font-weight:600;fill:var(--ink)}
.panel{font-size:13px;font-weight:600;fill:var(--ink)}
.end{font-size:13px;font-weight:600}
.grid{stroke:var(--grid);stroke-width:1}
.axis{stroke:var(--quiet);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.candidate{stroke:var(--candidate);stroke-width:2.5}
.incumbent{stroke:var(--incumbent);stroke-dasharray:7 4}
.buyAndHold{stroke:var(--buyAndHold);stroke-dasharray:2 4}
.area{fill:var(--candidate);fill-opacity:.14}
.mark{font-size:104px;font-weight:800;fill:var(--mark);fill-opacity:.12;letter-spacing:6px}
.label{font-weight:700;fill:var(--mark)}`;

/**
 * The results of candidate, incumbent and buy and hold on the selection data, every day of them, above their drops from
 * the last peak. The same pack gives the same bytes on every platform: no locale, no clock, no font measuring.
 */
export function equitySvg(pack: Pack): string {
  const lines = linesOf(pack);
  const content = lines === null ? [tooShort()] : drawing(lines);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title description">`,
    `<title id="title">${html(titleOf(pack))}</title>`,
    `<desc id="description">${html(description(pack))}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="var(--ground)"/>`,
    ...(pack.dataset.isSimulated ? [watermark()] : []),
    heading(pack),
    ...content,
    '</svg>',
  ].join('\n')}\n`;
}

function titleOf(pack: Pack): string {
  return `${pack.strategy}: what it would have made`;
}

function description(pack: Pack): string {
  const results = LINE_NAMES.map((name) => `${LINE_LABELS[name]} ${signedPercent(finalReturn(pack, name))}`).join(', ');
  return `${pack.dataset.isSimulated ? 'SIMULATED DATA. ' : ''}Selection data, ${days(pack.spans.selection)}. Net return: ${results}.`;
}

function finalReturn(pack: Pack, name: LineName): number {
  return name === 'buyAndHold' ? pack.buyAndHold.selection.netReturn : pack[name].selection.metrics.netReturn;
}

function heading(pack: Pack): string {
  const label = pack.dataset.isSimulated ? '<tspan class="label">SIMULATED DATA</tspan> · ' : '';
  return [
    `<text class="title" x="${LEFT}" y="36">${html(titleOf(pack))}</text>`,
    `<text x="${LEFT}" y="58">${label}selection data, ${days(pack.spans.selection)}, after fees, spread and slippage</text>`,
    ...LINE_NAMES.map((name, index) => legendEntry(name, LEFT + index * 140)),
  ].join('\n');
}

function legendEntry(name: LineName, x: number): string {
  return `<path class="line ${name}" d="M${x} 82h28"/><text x="${x + 36}" y="86">${LINE_LABELS[name]}</text>`;
}

function watermark(): string {
  const x = (LEFT + RIGHT) / 2;
  const y = (EQUITY_PANEL.top + EQUITY_PANEL.bottom) / 2 + 36;
  return `<text class="mark" x="${x}" y="${y}" text-anchor="middle" transform="rotate(-14 ${x} ${y})" aria-hidden="true">SIMULATED</text>`;
}

function tooShort(): string {
  return `<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle">Too few days to draw.</text>`;
}

function drawing(lines: Lines): string[] {
  const returns = LINE_NAMES.flatMap((name) => lines[name]);
  const equityScale = roundScale(Math.min(0, ...returns), Math.max(0, ...returns), 6);
  const dropsByLine = {
    candidate: drawdowns(lines.candidate),
    incumbent: drawdowns(lines.incumbent),
    buyAndHold: drawdowns(lines.buyAndHold),
  };
  const dropScale = roundScale(Math.min(...LINE_NAMES.flatMap((name) => dropsByLine[name])), 0, 3);
  const across = horizontal(lines.time);
  return [
    panel('Result since the start', EQUITY_PANEL, equityScale),
    dates(lines.time, across),
    ...drawnLast(LINE_NAMES).map((name) => path(name, EQUITY_PANEL, equityScale, lines[name], lines.time, across)),
    ...endLabels(lines, equityScale),
    panel('Drop from the last peak', DRAWDOWN_PANEL, dropScale),
    area(dropsByLine.candidate, dropScale, lines.time, across),
    ...drawnLast(LINE_NAMES).map((name) => path(name, DRAWDOWN_PANEL, dropScale, dropsByLine[name], lines.time, across)),
  ];
}

/** The candidate is what the reader came for, so it lies on top. */
function drawnLast(names: readonly LineName[]): readonly LineName[] {
  return [...names].reverse();
}

function panel(title: string, { top, bottom }: Panel, scale: Scale): string {
  const rows = scale.ticks.map((tick) => {
    const y = coordinate(vertical(tick, { top, bottom }, scale));
    const lineClass = tick === 0 ? 'axis' : 'grid';
    return `<path class="${lineClass}" d="M${LEFT} ${y}H${RIGHT}"/><text x="${LEFT - 10}" y="${y}" dy="4" text-anchor="end">${tickLabel(tick, scale)}</text>`;
  });
  return [`<text class="panel" x="${LEFT}" y="${top - 10}">${title}</text>`, ...rows].join('\n');
}

/** As many decimals as the step needs: `5%` for steps of five per cent, `0.5%` for half ones. */
function tickLabel(tick: number, scale: Scale): string {
  const stepPercent = (scale.ticks[1]! - scale.ticks[0]!) * 100;
  const digits = [0, 1, 2, 3].find((count) => isWhole(stepPercent, count)) ?? 4;
  return `${(tick * 100 + 0)
    .toFixed(digits)
    .replace(/^-(?=.*[1-9])/, '−')
    .replace(/^-/, '')}%`;
}

function isWhole(value: number, digits: number): boolean {
  return Math.abs(Number(value.toFixed(digits)) - value) <= Math.abs(value) * 1e-9;
}

function dates(time: readonly number[], across: (time: number) => number): string {
  const ticks = dateTicks(time[0]!, time[time.length - 1]!, 9);
  return ticks
    .map(({ time: at, label }) => {
      const x = coordinate(across(at));
      return [
        `<path class="grid" d="M${x} ${EQUITY_PANEL.top}V${EQUITY_PANEL.bottom}M${x} ${DRAWDOWN_PANEL.top}V${DRAWDOWN_PANEL.bottom}"/>`,
        `<text x="${x}" y="${DRAWDOWN_PANEL.bottom + 22}" text-anchor="middle">${label}</text>`,
      ].join('');
    })
    .join('\n');
}

function path(
  name: LineName,
  at: Panel,
  scale: Scale,
  values: readonly number[],
  time: readonly number[],
  across: (time: number) => number,
): string {
  return `<path class="line ${name}" d="M${points(at, scale, values, time, across)}"/>`;
}

function area(values: readonly number[], scale: Scale, time: readonly number[], across: (time: number) => number): string {
  const ground = coordinate(vertical(0, DRAWDOWN_PANEL, scale));
  const first = coordinate(across(time[0]!));
  const last = coordinate(across(time[time.length - 1]!));
  return `<path class="area" d="M${first} ${ground}L${points(DRAWDOWN_PANEL, scale, values, time, across)}L${last} ${ground}Z"/>`;
}

function points(
  at: Panel,
  scale: Scale,
  values: readonly number[],
  time: readonly number[],
  across: (time: number) => number,
): string {
  return values.map((value, index) => `${coordinate(across(time[index]!))} ${coordinate(vertical(value, at, scale))}`).join('L');
}

/** The lines' last values in the right margin, pushed apart so that none covers another. */
function endLabels(lines: Lines, scale: Scale): string[] {
  const gap = 17;
  const placed = LINE_NAMES.map((name) => {
    const value = lines[name][lines[name].length - 1]!;
    return { name, value, y: vertical(value, EQUITY_PANEL, scale) };
  }).sort((left, right) => left.y - right.y);
  for (let index = 1; index < placed.length; index += 1) {
    placed[index]!.y = Math.max(placed[index]!.y, placed[index - 1]!.y + gap);
  }
  const overflow = placed[placed.length - 1]!.y - EQUITY_PANEL.bottom;
  return placed.map(
    ({ name, value, y }) =>
      `<text class="end" x="${RIGHT + 10}" y="${coordinate(overflow > 0 ? y - overflow : y)}" dy="4" style="fill:var(--${name})">${signedPercent(value)}</text>`,
  );
}

function horizontal(time: readonly number[]): (time: number) => number {
  const first = time[0]!;
  const span = Math.max(1, time[time.length - 1]! - first);
  return (at) => LEFT + ((at - first) / span) * (RIGHT - LEFT);
}

function vertical(value: number, { top, bottom }: Panel, scale: Scale): number {
  return bottom - ((value - scale.min) / (scale.max - scale.min)) * (bottom - top);
}

/** A tenth of a pixel: finer changes nothing one can see. */
function coordinate(value: number): string {
  return String(Number(value.toFixed(1)));
}
