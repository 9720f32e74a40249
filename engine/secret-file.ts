import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { RatchetError } from './errors.ts';

/** How a secret that cannot be used is spoken of: codes are stable, for programs. */
export interface SecretWords {
  readonly missing: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly exposed: { readonly code: string; readonly what: string; readonly remedy: string };
}

/**
 * Reads a file that nobody but its owner may read. The open file is asked for its mode, so that what is checked is what is read.
 * Windows knows no such modes, and is not asked.
 * @throws RatchetError with the code of `missing` or of `exposed`
 */
export function readSecretFile(path: string, { missing, exposed }: SecretWords): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new RatchetError(missing.code, missing.message, missing.remedy, { path }, error);
  }
  try {
    const { mode } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const message = `${exposed.what} has mode ${(mode & 0o777).toString(8)}: others can reach it.`;
      throw new RatchetError(exposed.code, message, `Run chmod 600 on it, and ${exposed.remedy}.`, { path });
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
