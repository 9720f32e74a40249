import { Command } from 'commander';
import { type Vouched, vouchedFor, vouchersAt } from '#bot/records/vouched.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';
import type { StateReader } from '#engine/repository/state-branch.ts';
import { openForReading } from './open-mirror.ts';

interface VerifyFlags {
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** `ratchet verify COMMIT`: who signed what of the strategies on a commit. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('Check the signatures over every strategy on a commit, and say who signed what.')
    .argument('[commit]', 'a branch or a full hash', 'main')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON array')
    .action(async (ref: string, flags: VerifyFlags) => {
      const { repository, state } = await openForReading(flags);
      const vouched = await verifyCommit(ref, repository, state);
      console.log(flags.json === true ? JSON.stringify(vouched) : vouched.map(inWords).join('\n'));
      process.exitCode = vouched.length > 0 && vouched.every((one) => one.isSigned) ? 0 : 1;
    });
}

async function verifyCommit(ref: string, repository: Repository, state: StateReader): Promise<readonly Vouched[]> {
  const commit = await repository.resolve(ref);
  if (commit === null) throw new RatchetError('verify/no-commit', `${ref} names no commit.`, 'Give a branch or a full hash.');
  const vouchers = await vouchersAt((await repository.resolve('main')) ?? commit, repository, state);
  const vouched: Vouched[] = [];
  for (const { path } of await repository.listFiles(commit, 'strategies')) {
    const strategy = path.match(/^strategies\/([^/]+)\/manifest\.yaml$/)?.[1];
    const tree = strategy === undefined ? null : await repository.treeOf(commit, `strategies/${strategy}`);
    if (strategy === undefined || tree === null) continue;
    vouched.push(await vouchedFor(vouchers, commit, strategy, tree));
  }
  return vouched;
}

function inWords({ strategy, tree, isSigned, verdict, signature }: Vouched): string {
  const head = `${isSigned ? '✔' : '✘'} strategies/${strategy} ${tree.slice(0, 12)}: ${verdict}`;
  if (signature === null) return head;
  const { key, time, verifier, head: proven, base, policy, evidence } = signature;
  const lines = [
    `key       ${key}`,
    `signed    ${time} by ${verifier}`,
    base === null ? `commit    ${proven}` : `head      ${proven} on base ${base}`,
    `policies  ${policy}`,
    ...(evidence === null ? [] : [`evidence  ${evidence}`]),
  ];
  return [head, ...lines.map((line) => `    ${line}`)].join('\n');
}
