import type { RepositoryApi } from '#bot/github/repository-api.ts';

export const DASHBOARD_LABEL = 'ratchet:dashboard';
const TITLE = 'Ratchet dashboard';

export interface KeptDashboard {
  readonly number: number;
  readonly url: string;
  /** `closed`: a person has closed it, and it is left alone until they open it again. */
  readonly outcome: 'opened' | 'edited' | 'unchanged' | 'closed';
}

/**
 * Sees to it that the one dashboard issue says `body`: opened once, edited when its text differs, never closed. Another's issue with the
 * same label is not it.
 */
export async function keepDashboard(
  body: string,
  { api, botLogin }: { api: Pick<RepositoryApi, 'issues' | 'labels'>; botLogin: string },
): Promise<KeptDashboard> {
  const found = await findDashboard({ api, botLogin });
  if (found === null) {
    const { number, url } = await api.issues.open(TITLE, body, [DASHBOARD_LABEL]);
    return { number, url, outcome: 'opened' };
  }
  const { number, url } = found;
  if (found.state === 'closed') return { number, url, outcome: 'closed' };
  if (comparable(found.body) === comparable(body)) return { number, url, outcome: 'unchanged' };
  await api.issues.rewrite(number, { body });
  return { number, url, outcome: 'edited' };
}

/**
 * The bot's dashboard issue, open or closed; null before there is one. Whoever may put on labels may put this one on another issue of the
 * bot's, but may not give it the title; one that was given another title is still found while no other has it.
 */
export async function findDashboard({
  api,
  botLogin,
}: {
  api: Pick<RepositoryApi, 'labels'>;
  botLogin: string;
}): Promise<{ number: number; url: string; body: string; state: 'open' | 'closed' } | null> {
  const own = (await api.labels.issuesWith(DASHBOARD_LABEL)).filter(({ author }) => author === botLogin);
  own.sort((left, right) => left.number - right.number);
  return own.find(({ title }) => title === TITLE) ?? own[0] ?? null;
}

/** A form in a browser sends other line ends, and may lose those at the end. */
function comparable(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}
