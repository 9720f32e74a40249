import { z } from 'zod';

/** What a box of the dashboard stands for: the comment command of that name. */
export const BoxCommand = z.enum(['retest', 'rebase', 'close']);
export type BoxCommand = z.infer<typeof BoxCommand>;

export interface CheckedBox {
  readonly command: BoxCommand;
  readonly number: number;
  /** The first digits of the head it was offered for. */
  readonly head: string;
}

const WORDS: Readonly<Record<BoxCommand, string>> = {
  retest: 'run every gate again',
  rebase: 'make it again on the present main',
  close: 'close it',
};

const LINE = /^\s*[-*] \[([ xX])\].*<!-- ratchet:do (\w+) ([1-9]\d{0,9}) ([0-9a-f]{12}) -->\s*$/;

/** A line with an empty box. What it does stands in its hidden mark; the words are for people. */
export function box({ command, number, head }: CheckedBox): string {
  return `- [ ] ${WORDS[command]} <!-- ratchet:do ${command} ${number} ${head.slice(0, 12)} -->`;
}

/**
 * The boxes that were ticked: those that the bot rendered empty and that are ticked in what stands there now. Only marks that the bot
 * itself rendered count, so a line that somebody wrote in does nothing, whatever it says.
 * @param body the text as it is @param rendered the text the bot would write now
 * @param before the text before the edit that is looked at: what somebody else had ticked is not done in the name of who edits next
 */
export function checkedBoxes(body: string, rendered: string, before = ''): readonly CheckedBox[] {
  const known = new Set(boxesIn(before).flatMap(({ key, isTicked }) => (isTicked ? [key] : [])));
  const offered = new Set(boxesIn(rendered).flatMap(({ key, isTicked }) => (isTicked ? [] : [key])));
  const ticked = new Map<string, CheckedBox>();
  for (const { key, isTicked, box: found } of boxesIn(body))
    if (isTicked && offered.has(key) && !known.has(key)) ticked.set(key, found);
  return [...ticked.values()];
}

/**
 * The boxes that were ticked and are offered no more: their pull request is closed, or its head has moved since they were drawn. Only
 * those that stood there empty before the edit count.
 */
export function lapsedBoxes(body: string, rendered: string, before = ''): readonly CheckedBox[] {
  const offered = new Set(boxesIn(rendered).map(({ key }) => key));
  return checkedBoxes(body, before).filter(({ command, number, head }) => !offered.has(keyOf({ command, number, head })));
}

function keyOf({ command, number, head }: CheckedBox): string {
  return `${command} ${number} ${head}`;
}

function boxesIn(text: string): readonly { key: string; isTicked: boolean; box: CheckedBox }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, tick, word, digits, head] = LINE.exec(line) ?? [];
    const command = BoxCommand.safeParse(word);
    if (!command.success) return [];
    const found = { command: command.data, number: Number(digits), head: head! };
    return [{ key: keyOf(found), isTicked: tick !== ' ', box: found }];
  });
}
