import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { readSecretFile } from '#engine/secret-file.ts';
import { SecureUrl } from '#engine/secure-url.ts';
import type { Credential, Via } from './access.ts';

/** The key's name in the environment, by whom it lets in; each is the vendor's own, so that one who has it set needs nothing more. */
export const KEY_VARIABLES: Readonly<Record<Via['kind'], string>> = {
  anthropic: 'ANTHROPIC_API_KEY',
  vertex: 'CLOUDSDK_AUTH_ACCESS_TOKEN',
  bedrock: 'AWS_BEARER_TOKEN_BEDROCK',
};

/** The file of a service account, as Google's console gives it. */
const ServiceAccount = z.looseObject({
  type: z.literal('service_account'),
  client_email: z.string().min(3),
  private_key: z.string().min(1),
  token_uri: SecureUrl.default('https://oauth2.googleapis.com/token'),
});

/** Takes every such key out of `env`, where no process that is started later shall inherit it, and gives the one of `via`; empty without one. */
export function takeKey(via: Via['kind'], env: NodeJS.ProcessEnv): string {
  const given = env[KEY_VARIABLES[via]] ?? '';
  for (const variable of Object.values(KEY_VARIABLES)) delete env[variable];
  return given;
}

/**
 * What was given, or what the file holds. Null without either: nothing else on the disk is looked for.
 * @throws RatchetError `claude/no-key-file`, `claude/key-exposed` when others may read it, `claude/bad-key`
 */
export function credentialOf(via: Via['kind'], given: string, keyFile: string | undefined): Credential | null {
  const text = (given || (keyFile === undefined ? '' : readKeyFile(keyFile, via))).trim();
  if (text === '') return null;
  const from = given !== '' ? KEY_VARIABLES[via] : 'the key file';
  if (via === 'vertex' && text.startsWith('{')) return serviceAccount(text, from);
  // What goes into a header; and a key that is a word would be struck out of every sentence that has the word.
  if (/^[\x21-\x7e]{16,4000}$/.test(text)) return { kind: 'bearer', token: text };
  throw badKey(from, 'Give the key alone, on one line.');
}

function serviceAccount(text: string, from: string): Credential {
  try {
    const { client_email: email, private_key: privateKey, token_uri: tokenUrl } = ServiceAccount.parse(JSON.parse(text));
    if (createPrivateKey(privateKey).asymmetricKeyType === 'rsa') return { kind: 'service-account', email, privateKey, tokenUrl };
  } catch {
    // Whatever is wrong with it, saying so would say parts of it.
  }
  throw badKey(from, 'Give a token, or the JSON of a service account whole, as Google gives it.');
}

function badKey(from: string, remedy: string): RatchetError {
  return new RatchetError('claude/bad-key', `What ${from} holds is no key.`, remedy);
}

function readKeyFile(path: string, via: Via['kind']): string {
  return readSecretFile(path, {
    missing: {
      code: 'claude/no-key-file',
      message: `${path} cannot be read.`,
      remedy: `Correct modelKeyFile, or set ${KEY_VARIABLES[via]} instead.`,
    },
    exposed: { code: 'claude/key-exposed', what: path, remedy: 'take another key when it may have been read' },
  });
}
