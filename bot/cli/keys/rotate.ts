import { Command, Option } from 'commander';
import { type KeyPurpose, type PublicKeyEntry, type PublicKeys, trustedKeys, whyNotValid } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';
import { type CloneFlags, changeCloneKeys, keyNamed, MERGE_IT, readCloneKeys } from './clone-keys.ts';
import { withNewKey } from './private-key-file.ts';

const DAY_MS = 86_400_000;

interface RotateFlags extends CloneFlags {
  purpose: KeyPurpose;
  out: string;
  overlapDays: number;
  json?: boolean;
}

/** `ratchet keys rotate`: a new key in the place of an old one, which counts for a while yet. */
export function rotateCommand(): Command {
  return new Command('rotate')
    .description('Make a new key and let the old one count for a few days more. What it signed until then stays good.')
    .argument('[id]', 'the key to replace (default: the only one of its purpose)')
    .addOption(new Option('--purpose <what>', 'which kind, when no id is given').choices(['gate', 'owner']).default('gate'))
    .requiredOption('--out <file>', 'where the new private half goes, outside every repository')
    .requiredOption('--clone <dir>', 'a clone of the deployed repository whose files are changed')
    .requiredOption('--owner-key <file>', 'the private key of an owner, who signs the change')
    .option('--overlap-days <n>', 'how long both count', days, 7)
    .option('--json', 'one JSON object')
    .action(async (id: string | undefined, flags: RotateFlags) => {
      const { old, fresh } = await rotate(id, flags, Date.now);
      if (flags.json === true) console.log(JSON.stringify({ old, fresh }));
      else
        console.log(
          `Key ${fresh.id} takes the place of ${old.id}, which counts until ${old.notAfter}. ${MERGE_IT} Before that time, sign with ${flags.out}.`,
        );
    });
}

async function rotate(
  id: string | undefined,
  flags: RotateFlags,
  clock: () => number,
): Promise<{ old: PublicKeyEntry; fresh: PublicKeyEntry }> {
  const now = clock();
  const present = readCloneKeys(flags.clone);
  const replaced = id === undefined ? theOnlyOne(present, flags.purpose, now) : keyNamed(present, id);
  const old: PublicKeyEntry = { ...replaced, notAfter: earlier(replaced.notAfter, now + flags.overlapDays * DAY_MS) };
  return withNewKey(flags.out, async (pair) => {
    const { purpose } = replaced;
    const fresh: PublicKeyEntry = { id: pair.id, publicKey: pair.publicKey, purpose, notBefore: new Date(now).toISOString() };
    await changeCloneKeys(flags, { keys: [...present.keys.map((key) => (key.id === old.id ? old : key)), fresh] }, clock);
    return { old, fresh };
  });
}

function theOnlyOne(present: PublicKeys, purpose: KeyPurpose, now: number): PublicKeyEntry {
  const good = trustedKeys(present).filter((key) => key.purpose === purpose && whyNotValid(key, now) === null);
  const [only] = good;
  if (only !== undefined && good.length === 1) return keyNamed(present, only.id);
  throw new RatchetError(
    'keys/which',
    `There are ${good.length} keys for '${purpose}' that count now.`,
    'Name the one to replace; see ratchet keys list.',
    { purpose },
  );
}

/** A rotation never lengthens a key's time. */
function earlier(notAfter: string | undefined, time: number): string {
  return notAfter !== undefined && Date.parse(notAfter) < time ? notAfter : new Date(time).toISOString();
}

function days(text: string): number {
  const value = Number(text);
  if (/^\d{1,3}$/.test(text) && value <= 365) return value;
  throw new RatchetError('keys/usage', `--overlap-days ${text} is no number of days up to 365.`, 'Give one, such as 7.');
}
