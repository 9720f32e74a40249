import { Command } from 'commander';
import { readText } from '#bot/gates/context.ts';
import { verify } from '#engine/attestation/envelope.ts';
import { parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { statementPath } from '#engine/attestation/statement.ts';
import { RatchetError } from '#engine/errors.ts';
import { openForReading } from './open-mirror.ts';

interface VerifyFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

interface Line {
  readonly strategy: string;
  readonly tree: string;
  readonly verdict: string;
  readonly isSigned: boolean;
}

/** `ratchet verify COMMIT`: who signed what of the strategies on a commit. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check the signatures over every strategy on a commit.')
    .argument('[commit]', 'a branch or a full hash', 'main')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object')
    .action(async (ref: string, flags: VerifyFlags) => {
      const lines = await verifyCommit(ref, flags);
      if (flags.json === true) console.log(JSON.stringify(lines));
      else
        for (const line of lines)
          console.log(`${line.isSigned ? '✔' : '✘'} strategies/${line.strategy} ${line.tree.slice(0, 12)}: ${line.verdict}`);
      process.exitCode = lines.length > 0 && lines.every((line) => line.isSigned) ? 0 : 1;
    });
}

async function verifyCommit(ref: string, flags: VerifyFlags): Promise<readonly Line[]> {
  const { repository, state } = await openForReading(flags);
  const commit = await repository.resolve(ref);
  if (commit === null) throw new RatchetError('verify/no-commit', `${ref} names no commit.`, 'Give a branch or a full hash.');
  const keysText = await readText(repository, commit, 'policies/keys.yaml');
  if (keysText === null)
    throw new RatchetError('verify/no-keys', `${ref} has no policies/keys.yaml.`, 'Without public keys nothing can be verified.');
  const keys = trustedKeys(parsePublicKeys(keysText));
  const lines: Line[] = [];
  for (const { path } of await repository.listFiles(commit, 'strategies')) {
    const strategy = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
    const tree = strategy === undefined ? null : await repository.treeOf(commit, `strategies/${strategy}`);
    if (strategy === undefined || tree === null) continue;
    const envelope = await state.readText(statementPath(tree));
    if (envelope === null) {
      lines.push({ strategy, tree, verdict: 'no statement', isSigned: false });
      continue;
    }
    const result = verify(envelope, keys, { strategy, tree });
    if (!result.ok) lines.push({ strategy, tree, verdict: result.message, isSigned: false });
    else {
      const { ratchet, timeVerified } = result.statement.predicate;
      const what = ratchet.kind === 'gates' ? `passed ${Object.keys(ratchet.gates).join(', ')}` : 'adopted by the owner';
      lines.push({ strategy, tree, verdict: `${what}, ${timeVerified}, key ${result.keyId.slice(0, 19)}`, isSigned: true });
    }
  }
  return lines;
}
