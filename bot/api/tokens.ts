import { createHash, timingSafeEqual } from 'node:crypto';
import { RatchetError } from '#engine/errors.ts';
import { readSecretFile } from '#engine/secret-file.ts';

/** A token is guessed or it is not: 32 characters of a random text are more than anybody can try. */
const lengthMin = 32;
const tokensMax = 16;

/** Who may ask: known by what they hold, told apart by their place in the list. */
export class Tokens {
  readonly #digests: readonly Buffer[];

  /** @throws RatchetError `api/no-token`, `api/weak-token` */
  constructor(tokens: readonly string[]) {
    if (tokens.length === 0) {
      throw new RatchetError(
        'api/no-token',
        'Nobody could be told from anybody else: no token is set.',
        'Put one into RATCHET_API_TOKEN, or into a file for --token-file; openssl rand -hex 32 makes one. Nothing was started.',
      );
    }
    if (tokens.length > tokensMax || tokens.some((token) => token.length < lengthMin || !/^[\x21-\x7e]+$/.test(token))) {
      throw new RatchetError(
        'api/weak-token',
        `A token has at least ${lengthMin} characters without blanks, and there are at most ${tokensMax}.`,
        'Make one with openssl rand -hex 32. Nothing was started.',
      );
    }
    this.#digests = tokens.map(digestOf);
  }

  /** Whose token an Authorization header holds; null for nobody's. Takes as long whatever is asked, and looks at every token. */
  holderOf(header: string | undefined): number | null {
    const given = digestOf(/^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1] ?? '');
    let holder: number | null = null;
    for (const [index, digest] of this.#digests.entries()) if (timingSafeEqual(digest, given)) holder = index;
    return holder;
  }
}

/** A line each; blank lines and those with a # before them are none. @throws RatchetError `api/no-token-file`, `api/exposed-token` */
export function readTokenFile(path: string): string[] {
  const missing = {
    code: 'api/no-token-file',
    message: `${path} with the tokens cannot be read.`,
    remedy: 'Name another file. Nothing was started.',
  };
  const exposed = { code: 'api/exposed-token', what: `${path} with the tokens`, remedy: 'make new ones if others have read it' };
  return readSecretFile(path, { missing, exposed })
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Of equal length, whatever is compared. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
