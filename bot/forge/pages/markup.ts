import { html, raw } from 'hono/html';

export { html, raw };

/** HTML in which every inserted text was escaped; only `html` and `raw` make it. */
export type Html = ReturnType<typeof html>;

export const nothing = html``;

/** Joined without anything between. */
export function each<Item>(items: readonly Item[], show: (item: Item, index: number) => Html): Html {
  return html`${items.map(show)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment, in UTC; the browser turns it into "3 minutes ago" where it runs scripts. */
export function moment(atMs: number): Html {
  const at = new Date(atMs);
  const clock = at.toISOString().slice(11, 16);
  const shown = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}, ${clock} UTC`;
  return html`<time datetime="${at.toISOString()}">${shown}</time>`;
}

/** `1 commit`, `2 commits`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A round sign with the name's first letter; its colour follows the name. */
export function avatar(login: string): Html {
  const letter = [...login][0]?.toUpperCase() ?? '?';
  let sum = 0;
  for (const character of login) sum = (sum * 31 + character.codePointAt(0)!) % 997;
  return html`<span class="avatar hue-${sum % 6}" aria-hidden="true">${letter}</span>`;
}

/** A label; its colour is an attribute of a drawing, because the page's policy allows no inline style. */
export function labelChip(name: string, color: string): Html {
  const fill = /^[0-9a-f]{6}$/i.test(color) ? `#${color}` : '#888888';
  return html`<span class="label"><svg viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="${fill}" /></svg>${name}</span>`;
}

export type State = 'open' | 'merged' | 'closed' | 'draft';

const STATE_WORDS: Record<State, string> = { open: 'Open', merged: 'Merged', closed: 'Closed', draft: 'Draft' };

export function stateBadge(state: State): Html {
  return html`<span class="state ${state}">${STATE_WORDS[state]}</span>`;
}
