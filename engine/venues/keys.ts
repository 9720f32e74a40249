import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { z } from 'zod';
import { RatchetError } from '#engine/errors.ts';
import { readSecretFile } from '#engine/secret-file.ts';

/** By these a process is given the key of an exchange: itself, or a file that nobody but its owner may read. */
export const venueKeyVariables = {
  key: 'RATCHET_VENUE_KEY',
  secret: 'RATCHET_VENUE_SECRET',
  file: 'RATCHET_VENUE_KEY_FILE',
  /** The account's name from before, where the key is a new one. */
  account: 'RATCHET_VENUE_ACCOUNT',
} as const;

/**
 * An exchange's key. What it holds is told on purpose only (`reveal`): printed, logged, thrown or written as JSON it is a word.
 */
export class VenueKeys {
  /** The name that the account goes by whatever its key; null where the key names it. */
  readonly account: string | null;
  readonly #key: string;
  readonly #secret: string;

  constructor(key: string, secret: string, account: string | null = null) {
    this.account = account;
    this.#key = key;
    this.#secret = secret;
  }

  reveal(): { readonly key: string; readonly secret: string } {
    return { key: this.#key, secret: this.#secret };
  }

  /** The same text with key and secret struck out, as they are and as they stand in an address. */
  strike(text: string): string {
    const lines = this.#secret.split('\n').filter((line) => line.length >= 8 && !line.startsWith('-----'));
    let struck = text;
    for (const part of [this.#key, this.#secret, ...lines].filter(({ length }) => length >= 4)) {
      for (const form of new Set([part, encodeURIComponent(part), JSON.stringify(part).slice(1, -1)])) {
        struck = struck.replaceAll(form, '[struck out]');
      }
    }
    return struck;
  }

  toString(): string {
    return '[keys]';
  }

  toJSON(): string {
    return '[keys]';
  }

  [inspect.custom](): string {
    return '[keys]';
  }
}

const Account = z
  .string()
  .regex(/^[a-z0-9-]{1,60}$/)
  .optional();
/** As the variables name it, or as Coinbase's download does: `name` and `privateKey`. */
const KeyFile = z.union([
  z.object({ key: z.string().min(1), secret: z.string().min(1), account: Account }),
  z
    .object({ name: z.string().min(1), privateKey: z.string().min(1), account: Account })
    .transform(({ name, privateKey, account }) => ({ key: name, secret: privateKey, account })),
]);

const whereKeysAre = `Set ${venueKeyVariables.key} and ${venueKeyVariables.secret}, or ${venueKeyVariables.file} to a JSON file with "key" and "secret" (or as Coinbase downloads it).`;

/**
 * Takes the key out of the environment, so that no process started afterwards inherits it, or reads it from the file that is
 * named there.
 * @throws RatchetError `venue/no-keys`, `venue/keys-exposed` (others may read the file), `venue/keys-unreadable`
 */
export function takeVenueKeys(environment: Record<string, string | undefined>): VenueKeys {
  const { key: keyName, secret: secretName, file: fileName, account: accountVariable } = venueKeyVariables;
  const { [keyName]: key, [secretName]: secret, [fileName]: file, [accountVariable]: account } = environment;
  delete environment[keyName];
  delete environment[secretName];
  if (key && secret) return new VenueKeys(key.trim(), plainSecret(secret), account || null);
  if (key || secret) {
    const lone = key ? keyName : secretName;
    throw new RatchetError('venue/no-keys', `${lone} is set without its other half.`, whereKeysAre);
  }
  if (!file) throw new RatchetError('venue/no-keys', 'There is no key of the exchange.', whereKeysAre);
  return readKeyFile(file, account || null);
}

function readKeyFile(path: string, account: string | null): VenueKeys {
  const text = readSecretFile(path, {
    missing: { code: 'venue/no-keys', message: `The key file ${path} cannot be read.`, remedy: whereKeysAre },
    exposed: {
      code: 'venue/keys-exposed',
      what: `The key file ${path}`,
      remedy: 'make a new key at the exchange if anybody else uses this machine',
    },
  });
  const { success, data } = KeyFile.safeParse(parseJson(text));
  // What went wrong is not told by the parser's own words: they may quote the file.
  if (!success) throw new RatchetError('venue/keys-unreadable', `The key file ${path} is not one.`, whereKeysAre, { path });
  return new VenueKeys(data.key.trim(), plainSecret(data.secret), data.account ?? account);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A PEM key handed over in a variable often has its line ends written out. */
function plainSecret(text: string): string {
  return text.trim().replaceAll('\\n', '\n');
}

/**
 * Names an account by a digest of its key: the same key, the same name, and the key cannot be had from it. A new key to the same
 * account is told the old name, under which everything about it was written down.
 * @throws RatchetError `venue/wrong-account` for a name that is another venue's
 */
export function accountName(venue: string, keys: VenueKeys): string {
  if (keys.account === null) {
    return `${venue}-${createHash('sha256').update(`${venue}\n${keys.reveal().key}`).digest('hex').slice(0, 12)}`;
  }
  if (keys.account.startsWith(`${venue}-`)) return keys.account;
  throw new RatchetError(
    'venue/wrong-account',
    `"${keys.account}" is no account of ${venue}.`,
    `Give the name that was confirmed with --confirm-live under the old key, or leave ${venueKeyVariables.account} out.`,
  );
}

/** Names the key without telling it, whatever the account is called. */
export function keyName(keys: VenueKeys): string {
  return createHash('sha256').update(`key\n${keys.reveal().key}`).digest('hex').slice(0, 12);
}
