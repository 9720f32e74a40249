import { fenced, shellWord } from '#bot/evidence/markdown.ts';
import { day, shortDigest } from '#bot/evidence/numbers.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import type { RenderContext } from '#bot/evidence/render-context.ts';

/** Exact commands. The first proves every number at once; the second shows the candidate's own run. */
export function reproduce(pack: Pack, context: RenderContext): string {
  const { from, to } = pack.spans.selection;
  const run = [
    'npx ratchet backtest',
    shellWord(`strategies/${pack.strategy}/strategy.ts`),
    `--from ${day(from)} --to ${day(to)}`,
    ...Object.entries(pack.candidate.parameters)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => `--param ${shellWord(`${name}=${value}`)}`),
  ].join(' ');
  return [
    '### How to reproduce',
    '',
    fenced(
      'sh',
      [
        `git fetch origin ${shellWord(context.head.sha)} && git checkout ${shellWord(context.head.sha)} && npm ci`,
        `npx ratchet gate backtest --base ${shellWord(context.base.sha)} --head ${shellWord(context.head.sha)}`,
        run,
      ].join('\n'),
    ),
    '',
    `The gate runs every backtest again from the digests and fails when one byte differs. The last command must print the result id \`${shortDigest(pack.candidate.selection.resultId)}…\`.`,
  ].join('\n');
}
