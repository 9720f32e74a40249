import { Command } from 'commander';
import { openForReading } from '#bot/cli/open-mirror.ts';
import { readText } from '#bot/gates/context.ts';
import { KEYS_PATH, parsePublicKeys, trustedKeys, whyNotValid } from '#engine/attestation/keys.ts';
import { RatchetError } from '#engine/errors.ts';

interface ListFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

interface ListedKey {
  readonly id: string;
  readonly purpose: string;
  readonly counts: boolean;
  /** Why it does not; empty when it does. */
  readonly why: string;
  readonly notBefore: string | null;
  readonly notAfter: string | null;
  readonly comment: string | null;
}

/** `ratchet keys list`: the keys on a commit, and whether each counts now. */
export function listCommand(): Command {
  return new Command('list')
    .description('List the keys on main, and say which count now.')
    .argument('[commit]', 'a branch or a full hash', 'main')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON array')
    .action(async (ref: string, flags: ListFlags) => {
      const keys = await listKeys(ref, flags, Date.now());
      console.log(flags.json === true ? JSON.stringify(keys) : keys.map(inWords).join('\n'));
    });
}

async function listKeys(ref: string, flags: ListFlags, now: number): Promise<readonly ListedKey[]> {
  const { repository } = await openForReading(flags);
  const text = await readText(repository, await repository.require(ref), KEYS_PATH);
  if (text === null) throw new RatchetError('keys/none', `${ref} has no ${KEYS_PATH}.`, 'Without keys nothing counts.');
  const entries = parsePublicKeys(text);
  const states = trustedKeys(entries).map((key) => whyNotValid(key, now));
  return entries.keys.map(({ id, purpose, notBefore, notAfter, comment }, index) => ({
    id,
    purpose,
    counts: states[index] === null,
    why: states[index] ?? '',
    notBefore: notBefore ?? null,
    notAfter: notAfter ?? null,
    comment: comment ?? null,
  }));
}

function inWords({ id, purpose, counts, why, notAfter, comment }: ListedKey): string {
  const state = counts ? (notAfter === null ? 'counts' : `counts until ${notAfter}`) : why;
  return `${counts ? '✔' : '✘'} ${id} ${purpose}: ${state}${comment === null ? '' : ` (${comment})`}`;
}
