import { join } from 'node:path';
import { installedApp } from '#bot/github/app-client.ts';
import { loadCredentials } from '#bot/github/credentials.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { explain } from '#engine/errors.ts';
import { type BotSettings, repositoryNameOf } from './bot/settings.ts';
import { loadBotSettings } from './config.ts';
import { workspaceAt } from './up/workspace.ts';

export interface ForgeFlags extends Partial<Pick<BotSettings, 'credentials' | 'apiUrl'>> {
  readonly workspace: string;
  /** `owner/name`. */
  readonly of?: string;
}

/** The forge that a reading command was told to ask, or why it is not asked: what is read without it is as good as ever. */
export async function askableForge(flags: ForgeFlags): Promise<RepositoryApi | { readonly problem: string }> {
  const { of, workspace, credentials, apiUrl } = flags;
  if (of === undefined) return { problem: 'no repository was named to ask about (--of).' };
  try {
    const settings = loadBotSettings({ repository: of, workspace, credentials, apiUrl }, process.env, undefined);
    const known = loadCredentials(settings.credentials ?? join(workspaceAt(settings.workspace).root, 'github'), process.env);
    return (await installedApp({ apiUrl: settings.apiUrl, ...known }, repositoryNameOf(settings))).api;
  } catch (error) {
    return { problem: explain(error) };
  }
}
