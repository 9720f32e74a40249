import { BaseAnthropic } from '@anthropic-ai/sdk';
import { Messages } from '@anthropic-ai/sdk/resources/messages';
import { AnthropicVertex } from '@anthropic-ai/vertex-sdk';
import type { Via } from './access.ts';

export type Middleware = BaseAnthropic['middleware'][number];

/** As much of the SDK as a call needs: what else it can do (files, tools, agents) is not in the process that holds the key. */
class MessagesClient extends BaseAnthropic {
  readonly messages = new Messages(this);
}

export interface ClientOptions {
  readonly via: Via;
  /** Null for the vendor's own place. */
  readonly baseUrl: string | null;
  /** Key or token: everybody takes it as a bearer. */
  readonly token: string;
  readonly maxRetries: number;
  readonly timeoutMs: number;
  readonly middleware: Middleware;
}

/** A client for one call, that looks for no other credential, neither in the environment nor on the disk. */
export function clientFor({ via, baseUrl, token, maxRetries, timeoutMs, middleware }: ClientOptions) {
  const options = {
    webhookKey: null,
    maxRetries,
    timeout: timeoutMs,
    logLevel: 'off',
    openTelemetry: false,
    // A redirect would carry the request to where nobody has configured it.
    fetchOptions: { redirect: 'error' },
    middleware: [middleware],
  } as const;
  switch (via.kind) {
    case 'anthropic':
      return new MessagesClient({ ...options, apiKey: token, baseURL: baseUrl ?? 'https://api.anthropic.com' });
    case 'bedrock':
      // The vendor's client adds to this only how AWS's credentials are found on the disk and signed with; a Bedrock key needs neither.
      return new MessagesClient({
        ...options,
        apiKey: token,
        baseURL: baseUrl ?? `https://bedrock-mantle.${via.region}.api.aws/anthropic`,
      });
    case 'vertex':
      return new AnthropicVertex({
        ...options,
        ...(baseUrl === null ? {} : { baseURL: baseUrl }),
        projectId: via.project,
        region: via.region,
        authClient: bearing(token),
      });
    default:
      return via satisfies never;
  }
}

type AuthClient = NonNullable<NonNullable<ConstructorParameters<typeof AnthropicVertex>[0]>['authClient']>;

/** All that the client asks of Google's library, so that the library looks for nothing itself. */
function bearing(token: string): AuthClient {
  const client: Pick<AuthClient, 'getRequestHeaders'> = {
    getRequestHeaders: async () => new Headers({ authorization: `Bearer ${token}` }),
  };
  return client as AuthClient;
}
