import { join } from 'node:path';
import { Command } from 'commander';
import { hasCredentials, saveCredentials } from '#bot/github/credentials.ts';
import { startSetup } from '#bot/github/setup-server.ts';
import { RatchetError } from '#engine/errors.ts';
import { loadBotSettings } from '../config.ts';
import * as option from '../option-parsers.ts';
import { workspaceAt } from '../up/workspace.ts';
import { type BotSettings, repositoryNameOf, webRootOf } from './settings.ts';

interface SetupFlags extends Partial<Pick<BotSettings, 'repository' | 'workspace' | 'credentials' | 'apiUrl'>> {
  config?: string;
  organisation?: string;
  name?: string;
  webhookUrl?: string;
  port: number;
}

/** `ratchet bot setup`: the App, made with a click. */
export function setupCommand(): Command {
  return new Command('setup')
    .description(
      'Make the GitHub App: opens a page on this machine that leads to GitHub and back, and keeps the key and the secret.',
    )
    .option('--config <file>', 'settings in YAML (default: ratchet.yaml, if there is one)')
    .option('--repository <owner/name>', 'the repository it will work for')
    .option('--workspace <dir>', 'the workspace (default: var)')
    .option('--credentials <dir>', 'where key and secret are kept (default: github in the workspace)')
    .option('--api-url <url>', "the API's root (default: GitHub's)")
    .option('--organisation <login>', 'the organisation that owns the App (default: your own account)')
    .option('--name <text>', "the App's name, which nobody else on GitHub may have (default: ratchet-OWNER)")
    .option('--webhook-url <url>', 'where webhooks reach the bot from outside; without it the App has none, and the bot polls')
    .option('--port <n>', 'the page’s port; 0 takes a free one', option.port, 0)
    .action(({ config, organisation, name, webhookUrl, port, ...flags }: SetupFlags) =>
      setup(loadBotSettings(flags, process.env, config), { organisation, name, webhookUrl, port }),
    );
}

async function setup(
  settings: BotSettings,
  { organisation, name, webhookUrl, port }: Pick<SetupFlags, 'organisation' | 'name' | 'webhookUrl' | 'port'>,
): Promise<void> {
  const repository = repositoryNameOf(settings);
  const dir = settings.credentials ?? join(workspaceAt(settings.workspace).root, 'github');
  if (hasCredentials(dir))
    throw new RatchetError(
      'github/credentials-exist',
      `${dir} holds an App already.`,
      'Run ratchet bot serve with it, or give another folder with --credentials.',
    );
  const root = webRootOf(settings.apiUrl);
  const setupPages = await startSetup({
    apiUrl: settings.apiUrl,
    newAppUrl:
      organisation === undefined
        ? `${root}/settings/apps/new`
        : `${root}/organizations/${encodeURIComponent(organisation)}/settings/apps/new`,
    name: name ?? `ratchet-${repository.owner}`,
    homepage: `${root}/${repository.owner}/${repository.name}`,
    webhookUrl: webhookUrl === undefined ? null : webhookAddress(webhookUrl),
    port,
    keep: ({ facts, secrets }) => saveCredentials(dir, facts, secrets),
    dir,
  });
  try {
    console.error(`ratchet: open ${setupPages.url} in a browser on this machine. Ctrl-C ends it.`);
    const app = await setupPages.made;
    console.log(`App ${app.appId} (${app.slug}) is made. Install it: ${app.url}/installations/new`);
  } finally {
    await setupPages.close();
  }
}

/** Where the App's deliveries go: this program hears them at one path, and nobody between may read or change them. */
function webhookAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPrivate =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname));
  if (isPrivate && url?.pathname === '/webhooks' && url.search === '' && url.hash === '') return text;
  throw new RatchetError(
    'bot/usage',
    `--webhook-url ${text} is not where deliveries can go.`,
    'Give an address with https that ends with /webhooks, such as https://bot.example.org/webhooks.',
  );
}
