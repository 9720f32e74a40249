import { fenced, shellWord } from '#bot/evidence/markdown.ts';
import { day, signedPercent } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/** Exact commands. The gate proves every number at once; the last shows the candidate's own run on the selection data. */
export function reproduce(pack: Pack, context: RenderContext): string {
  const head = shellWord(context.head.sha);
  return [
    '### How to reproduce',
    '',
    fenced(
      'sh',
      [
        `git fetch origin ${head} && git checkout ${head} && npm ci`,
        `npx ratchet gate backtest --base ${shellWord(context.base.sha)} --head ${head}`,
        backtestCommand(pack),
      ].join('\n'),
    ),
    '',
    `The gate runs every backtest again from the digests and fails when one byte differs. The last command shows the candidate's run alone; with the same candles in the store its net return is ${signedPercent(pack.candidate.selection.metrics.netReturn)}.`,
  ].join('\n');
}

/** The parameters need no naming: they stand in the manifest of the commit that was checked out. */
function backtestCommand(pack: Pack): string {
  const { from, to } = pack.spans.selection;
  const venues = new Set(pack.dataset.entries.map((entry) => entry.source.venue));
  const venue = venues.size === 1 ? ` --venue ${shellWord([...venues][0]!)}` : '';
  return `npx ratchet backtest ${shellWord(pack.strategy)}${venue} --from ${instant(from)} --to ${instant(to)} --capital ${pack.capital} --seed ${pack.seed}`;
}

/** A day where the span begins with one, which it nearly always does; the exact moment else. */
function instant(time: number): string {
  return time % 86_400_000 === 0 ? day(time) : new Date(time).toISOString();
}
