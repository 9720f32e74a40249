import { describe, expect, it } from 'vitest';
import { DiscussionsApi } from '#bot/github/discussions-api.ts';
import type { Api, Permission } from '#bot/github/repository-api.ts';

const NAME = { owner: 'octo', name: 'strategies' };
type Page = { readonly page: number; readonly per_page: number };

/** A forge on which people never stop commenting; the rest of it answers that there is nothing. */
function chatter(login: string, type = 'User') {
  const pages: number[] = [];
  const listComments = async ({ page, per_page }: Page) => {
    pages.push(page);
    const user = { login, type };
    return { data: Array.from({ length: per_page }, () => ({ user, body: 'again', updated_at: '2026-03-01T00:00:00Z' })) };
  };
  const none = async () => ({ data: [] });
  const rest = { pulls: { listReviews: none, listReviewComments: none }, issues: { listComments } };
  return { api: { rest } as unknown as Api, pages };
}

function readerOf(api: Api, permission: Permission = 'write') {
  const asked: string[] = [];
  const discussions = new DiscussionsApi(api, NAME, async (login) => {
    asked.push(login);
    return permission;
  });
  return { discussions, asked };
}

describe('what people say about pull requests', () => {
  it('is read up to a bound, and each person’s right is asked once', async () => {
    const { api, pages } = chatter('ana');
    const { discussions, asked } = readerOf(api);
    const said = await discussions.remarksUnder([1, 2]);
    expect(said.get(1)).toHaveLength(300);
    expect(pages).toEqual([1, 2, 3, 1, 2, 3]);
    expect(asked).toEqual(['ana']);
  });

  it.each(['none', 'read', 'triage'] as const)('counts for nothing from somebody whose right is %s', async (permission) => {
    const { discussions } = readerOf(chatter('ana').api, permission);
    expect((await discussions.remarksUnder([1])).get(1)).toEqual([]);
  });

  it('leaves bots out, whatever they may do', async () => {
    for (const [login, type] of [
      ['helper', 'Bot'],
      ['helper[bot]', 'User'],
    ]) {
      const { discussions, asked } = readerOf(chatter(login!, type).api, 'admin');
      expect((await discussions.remarksUnder([1])).get(1)).toEqual([]);
      expect(asked).toEqual([]);
    }
  });

  it('takes no branch of a fork for one of the bot’s', async () => {
    const pull = (number: number, from: string | null) => ({
      number,
      head: { ref: 'evolve/s/20260301-1', sha: 'a', repo: from === null ? null : { full_name: from } },
      base: { repo: { full_name: 'octo/strategies' } },
      user: { login: 'ratchet[bot]' },
      state: 'open',
      merged_at: null,
      created_at: '2026-03-01T00:00:00Z',
      closed_at: null,
      merge_commit_sha: 'b',
    });
    const list = async () => ({ data: [pull(1, 'octo/strategies'), pull(2, 'mallory/strategies'), pull(3, null)] });
    const { discussions } = readerOf({ rest: { pulls: { list } } } as unknown as Api);
    expect((await discussions.proposals(() => true)).map(({ number, mergeCommit }) => [number, mergeCommit])).toEqual([
      [1, null],
    ]);
    expect(await discussions.proposals(() => false)).toEqual([]);
  });
});
