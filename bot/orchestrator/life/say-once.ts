import type { LifeOptions } from './life-options.ts';

/**
 * A comment that is written once, however often there is reason for it: known by its hidden mark and by its author.
 * @param what lower-case letters, digits and hyphens
 */
export async function sayOnce(
  number: number,
  what: string,
  text: string,
  { api, botLogin }: Pick<LifeOptions, 'api' | 'botLogin'>,
): Promise<void> {
  if (await wasSaid(number, what, { api, botLogin })) return;
  await api.issues.comment(number, `${text}\n\n${markOf(what)}`);
}

/** Whether `sayOnce` has said it. */
export async function wasSaid(
  number: number,
  what: string,
  { api, botLogin }: Pick<LifeOptions, 'api' | 'botLogin'>,
): Promise<boolean> {
  return (await api.issues.comments(number)).some(({ author, body }) => author === botLogin && body.includes(markOf(what)));
}

function markOf(what: string): string {
  return `<!-- ratchet:said ${what} -->`;
}
