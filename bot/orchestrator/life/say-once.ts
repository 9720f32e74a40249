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
  const mark = `<!-- ratchet:said ${what} -->`;
  const said = await api.issues.comments(number);
  if (said.some(({ author, body }) => author === botLogin && body.includes(mark))) return;
  await api.issues.comment(number, `${text}\n\n${mark}`);
}
