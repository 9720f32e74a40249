/**
 * The least the bot works with. Never `workflows` and never `administration`: who holds the bot's key must not change what runs
 * in Actions, nor the rules that bind the bot.
 */
export const APP_PERMISSIONS = {
  checks: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
} as const;

/** What the bot hears; everything else it would only throw away. */
export const APP_EVENTS = ['check_run', 'check_suite', 'issue_comment', 'issues', 'merge_group', 'pull_request', 'push'] as const;

/** No machine has this name (RFC 2606): where webhooks go that nobody can take. */
const NOWHERE = 'https://ratchet.invalid/webhooks';

export interface ManifestRequest {
  readonly name: string;
  /** A page about it, shown on GitHub: the repository's. */
  readonly homepage: string;
  /** Where GitHub sends the browser back to, with the code. */
  readonly redirectUrl: string;
  /** Where webhooks reach the bot from outside; null when nothing can, and it polls. */
  readonly webhookUrl: string | null;
}

/** What GitHub makes the App from. Source: GitHub's documentation, "Registering a GitHub App from a manifest". */
export function appManifest({ name, homepage, redirectUrl, webhookUrl }: ManifestRequest): object {
  return {
    name,
    url: homepage,
    description: 'Evolves trading strategies through pull requests, and proves every one of them.',
    public: false,
    redirect_url: redirectUrl,
    hook_attributes: { url: webhookUrl ?? NOWHERE, active: webhookUrl !== null },
    default_permissions: APP_PERMISSIONS,
    default_events: APP_EVENTS,
  };
}
