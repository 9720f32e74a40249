import { statusBehind } from './refusal.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** A file's text on a branch; null when there is none. */
export async function textAt(api: Api, { owner, name: repo }: RepositoryName, path: string, ref: string): Promise<string | null> {
  const found = await contentAt(api, { owner, repo, path, ref });
  return found === null || Array.isArray(found) || !('content' in found)
    ? null
    : Buffer.from(found.content, 'base64').toString('utf8');
}

/** What stands in a folder on a branch, each with its git hash; empty when there is no such folder. */
export async function folderAt(
  api: Api,
  { owner, name: repo }: RepositoryName,
  path: string,
  ref: string,
): Promise<readonly { readonly name: string; readonly type: string; readonly hash: string }[]> {
  const found = await contentAt(api, { owner, repo, path, ref });
  return Array.isArray(found) ? found.map(({ name, type, sha }) => ({ name, type, hash: sha })) : [];
}

async function contentAt(api: Api, where: { owner: string; repo: string; path: string; ref: string }) {
  try {
    return (await api.rest.repos.getContent(where)).data;
  } catch (error) {
    if (statusBehind(error) === 404) return null;
    throw error;
  }
}
