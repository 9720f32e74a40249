import { z } from 'zod';
import { SecureUrl } from '#engine/secure-url.ts';

/** Through whom a model is reached. */
export const Via = z.discriminatedUnion('kind', [
  /** Its maker's own API. */
  z.strictObject({ kind: z.literal('anthropic') }),
  /** Google's Vertex AI. */
  z.strictObject({ kind: z.literal('vertex'), project: z.string(), region: z.string() }),
  /** Amazon Bedrock, where it speaks the maker's own protocol. */
  z.strictObject({ kind: z.literal('bedrock'), region: z.string() }),
]);
export type Via = z.infer<typeof Via>;

/** What lets one in. Secret, all of it: it goes to the process that makes the call, and nowhere else. */
export const Credential = z.discriminatedUnion('kind', [
  /** A key, or a token of a moment: sent as it is. */
  z.strictObject({ kind: z.literal('bearer'), token: z.string().min(1) }),
  /** A Google service account, which signs for a token of an hour whenever one is needed. */
  z.strictObject({ kind: z.literal('service-account'), email: z.string(), privateKey: z.string(), tokenUrl: SecureUrl }),
]);
export type Credential = z.infer<typeof Credential>;

/** Those parts of a credential that nobody may read in anything that was said. */
export function secretsOf(credential: Credential): readonly string[] {
  return credential.kind === 'bearer' ? [credential.token] : [credential.privateKey];
}
