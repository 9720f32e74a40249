import { Command } from 'commander';
import { openForReading } from '#bot/cli/open-mirror.ts';
import { authorClass } from '#bot/gates/author-class.ts';
import { type Explanation, explainChange } from '#bot/gates/policy/explain-change.ts';
import type { Ruling } from '#bot/gates/policy/judge.ts';
import { RatchetError } from '#engine/errors.ts';

interface ExplainFlags {
  base?: string;
  head?: string;
  author: string;
  workspace: string;
  repository?: string;
  json?: boolean;
}

/** `ratchet policy explain`: what each rule made of a change, with the values it saw. The same code judges in the gate. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('Say which rule of policies/gates.yaml decides over a change, and which values it sees.')
    .argument('[change]', 'a branch, a full hash, or the number of a pull request')
    .option('--base <ref>', 'the commit whose policies judge (default: the one the change was signed on, else main)')
    .option('--head <ref>', 'the commit to judge, instead of the argument')
    .option('--author <class>', 'bot, person or repair', 'bot')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object')
    .action(async (change: string | undefined, flags: ExplainFlags) => {
      const explanation = await explain(change, flags);
      if (flags.json === true) console.log(JSON.stringify(explanation));
      else console.log(inWords(explanation));
      process.exitCode = explanation.isAllowed ? 0 : 1;
    });
}

async function explain(change: string | undefined, flags: ExplainFlags): Promise<Explanation> {
  const author = authorClass(flags.author);
  const head = flags.head ?? change;
  if (head === undefined || (flags.head !== undefined && change !== undefined)) {
    throw new RatchetError('policy/usage', 'Which change is not clear.', 'Give a branch, a hash, a number, or --head.');
  }
  const { repository, state } = await openForReading(flags);
  const ref = /^\d{1,9}$/.test(head) ? `refs/pull/${head}/head` : head;
  const base = flags.base === undefined ? {} : { base: flags.base };
  return explainChange({ repository, state, author, head: ref, ...base });
}

function inWords({ base, head, isAllowed, gates, judgements }: Explanation): string {
  const asked = gates === null ? 'the gates before are not known here' : 'the gates before passed, as signed';
  const lines = [`${head.slice(0, 12)} on ${base.slice(0, 12)}: ${isAllowed ? 'allowed' : 'denied'}; ${asked}.`];
  for (const { strategy, paths, rulings } of judgements) {
    lines.push('', strategy === null ? `outside strategies (${paths.length} paths)` : `strategies/${strategy}`);
    if (rulings.length === 0) lines.push('  No rule asks anything: a person brings it, and a person merges it.');
    for (const ruling of rulings) lines.push(...rulingInWords(ruling));
  }
  return lines.join('\n');
}

function rulingInWords({ outcome, sentence, rule, seen }: Ruling): readonly string[] {
  const mark = outcome === 'holds' ? '✔' : outcome === 'noted' ? '!' : '✘';
  if (rule === null) return [`  ${mark} ${sentence}`];
  const head = `  ${mark} ${rule.id} (${rule.action}): ${rule.expression}`;
  const said = outcome === 'holds' ? [] : [`      ${sentence}`];
  return [head, ...said, ...seen.map(({ name, value }) => `      ${name} = ${JSON.stringify(value)}`)];
}
