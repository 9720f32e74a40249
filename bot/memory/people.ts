import { shortened } from '#bot/evidence/markdown.ts';
import { firstHidden } from '#bot/gates/guard/hidden-characters.ts';
import type { Discussion, Remark } from './memory.ts';

/** Of one remark, in characters: who has more to say has said it in the code by then. */
const REMARK_LENGTH_MAX = 500;
/** The newest of one pull request. */
const REMARKS_MAX = 8;
const DISCUSSIONS_MAX = 20;

/** What was said under one pull request, by people who may write here and were no bots. */
export interface Heard {
  readonly cycle: string;
  readonly pullRequest: number;
  readonly remarks: readonly (Omit<Remark, 'text' | 'at'> & {
    readonly body: string;
    /** Wall clock, UTC milliseconds: when it was said, or changed last. */
    readonly at: number;
  })[];
}

/** People's words as data: cut, without anything that cannot be seen, and none from after a moment. Newest pull request first. */
export function peopleOf(heard: readonly Heard[], cycles: ReadonlySet<string>, toldAt: number): readonly Discussion[] {
  return heard
    .filter(({ cycle }) => cycles.has(cycle))
    .toSorted((a, b) => b.pullRequest - a.pullRequest)
    .flatMap(({ cycle, pullRequest, remarks }) => {
      const said = remarks
        .filter(({ at }) => at <= toldAt)
        .map(({ body, ...remark }): Remark => ({ ...remark, text: wordsOf(body) }))
        // An approval without a word says something all the same.
        .filter(({ text, verdict }) => text !== '' || (verdict !== null && verdict !== 'commented'))
        .toSorted((a, b) => a.at - b.at);
      if (said.length === 0) return [];
      const newest = said.slice(-REMARKS_MAX);
      return [{ cycle, pullRequest, remarks: newest, omitted: said.length - newest.length }];
    })
    .slice(0, DISCUSSIONS_MAX);
}

/** One line that shows what a reader of the page sees: no hidden character, no comment of HTML. Empty for a command to the bot. */
export function wordsOf(body: string): string {
  const shown = [...body.replace(/<!--[\s\S]*?(?:-->|$)/g, ' ').replace(/\s+/gu, ' ')]
    .filter((character) => firstHidden(character) === null)
    .join('')
    .replace(/ {2,}/g, ' ')
    .trim();
  return isCommand(body) ? '' : shortened(shown, REMARK_LENGTH_MAX);
}

/** What was decided by it is told as what became of the pull request. */
function isCommand(body: string): boolean {
  return /^\/[a-z][a-z-]*(?: [^\n]*)?$/.test(body.trim());
}
