import { Command } from 'commander';
import { type PublicKeyEntry, type PublicKeys, trustedKeys, whyNotValid } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import { type CloneFlags, changeCloneKeys, keyNamed, MERGE_IT, readCloneKeys } from './clone-keys.ts';

interface RevokeFlags extends CloneFlags {
  reason: string;
  json?: boolean;
}

/** `ratchet keys revoke`: nothing a key ever signed counts any more. */
export function revokeCommand(): Command {
  return new Command('revoke')
    .description('Let nothing count that a key ever signed: someone else may have had it.')
    .argument('<id>', 'the key; it may be shortened to what is unique')
    .requiredOption('--reason <text>', 'what happened, one clause')
    .requiredOption('--clone <dir>', 'a clone of the deployed repository whose files are changed')
    .requiredOption('--owner-key <file>', 'the private key of an owner, who signs the change')
    .option('--json', 'one JSON object')
    .action(async (id: string, flags: RevokeFlags) => {
      const entry = await revoke(id, flags, Date.now);
      if (flags.json === true) console.log(JSON.stringify(entry));
      else
        console.log(
          `Key ${entry.id} is revoked. ${MERGE_IT} Strategies it vouched for run on and do not start again; bring them as pull requests.`,
        );
    });
}

async function revoke(id: string, flags: RevokeFlags, clock: () => number): Promise<PublicKeyEntry> {
  const now = clock();
  const present = readCloneKeys(flags.clone);
  const named = keyNamed(present, id);
  if (named.revoked !== undefined) {
    throw new RatchetError('keys/revoked', `Key ${named.id} is revoked already: ${named.revoked.reason}`, 'Nothing was changed.');
  }
  const revoked: PublicKeyEntry = { ...named, revoked: { at: new Date(now).toISOString(), reason: flags.reason } };
  const next: PublicKeys = { keys: present.keys.map((key) => (key.id === named.id ? revoked : key)) };
  if (!trustedKeys(next).some((key) => key.purpose === 'owner' && whyNotValid(key, now) === null)) {
    throw new RatchetError(
      'keys/last-owner',
      `${named.id} is the last owner key that counts; after it nobody could change keys.`,
      'Make another owner key first with ratchet keys create --purpose owner.',
    );
  }
  await changeCloneKeys(flags, next, clock);
  return revoked;
}
