import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { KeyPurpose, PublicKeyEntry } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import { changeCloneKeys, MERGE_IT, readCloneKeys } from './clone-keys.ts';
import { withNewKey } from './private-key-file.ts';

interface CreateFlags {
  purpose: KeyPurpose;
  out: string;
  clone?: string;
  ownerKey?: string;
  comment?: string;
  json?: boolean;
}

/** `ratchet keys create`: a key pair; with a clone, its public half among those that count. */
export function createCommand(): Command {
  return new Command('create')
    .description('Make a key pair. With --clone and --owner-key its public half is entered in policies/keys.yaml, signed.')
    .addOption(new Option('--purpose <what>', 'what it may vouch for').choices(['gate', 'owner']).makeOptionMandatory())
    .requiredOption('--out <file>', 'where the private half goes, outside every repository')
    .option('--clone <dir>', 'a clone of the deployed repository whose files are changed')
    .option('--owner-key <file>', 'the private key of an owner, who signs the change')
    .option('--comment <text>', 'what it is for')
    .option('--json', 'one JSON object')
    .action(async (flags: CreateFlags) => {
      const entry = await create(flags, Date.now);
      if (flags.json === true) console.log(JSON.stringify(entry));
      else if (flags.clone === undefined) console.log(stringify([entry]).trimEnd());
      else console.log(`Key ${entry.id} is made and entered. ${MERGE_IT}`);
    });
}

async function create({ purpose, out, clone, ownerKey, comment }: CreateFlags, clock: () => number): Promise<PublicKeyEntry> {
  if ((clone === undefined) !== (ownerKey === undefined)) {
    throw new RatchetError('keys/usage', '--clone and --owner-key go together.', 'Give both, or neither to only make a key.');
  }
  const present = clone === undefined ? null : readCloneKeys(clone);
  return withNewKey(out, async ({ id, publicKey }) => {
    const notBefore = new Date(clock()).toISOString();
    const entry: PublicKeyEntry = { id, publicKey, purpose, notBefore, ...(comment === undefined ? {} : { comment }) };
    if (present !== null)
      await changeCloneKeys({ clone: clone!, ownerKey: ownerKey! }, { keys: [...present.keys, entry] }, clock);
    return entry;
  });
}
