import { Command } from 'commander';
import { openForReading } from '#bot/cli/open-mirror.ts';
import { type ChangeContext, changedStrategies, openChange } from '#bot/gates/context.ts';
import type { Ruling } from '#bot/gates/policy/judge.ts';
import { type Judgement, judgeChange } from '#bot/gates/policy/judge-change.ts';
import { statementOver } from '#bot/gates/proven-before.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Repository } from '#engine/repository/repository.ts';

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
    .option('--author <class>', 'bot or person', 'bot')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--repository <dir>', 'a clone to read instead')
    .option('--json', 'one JSON object')
    .action(async (change: string | undefined, flags: ExplainFlags) => {
      const explanation = await explainChange(change, flags);
      if (flags.json === true) console.log(JSON.stringify(explanation));
      else console.log(inWords(explanation));
      process.exitCode = explanation.isAllowed ? 0 : 1;
    });
}

interface Explanation {
  readonly base: string;
  readonly head: string;
  readonly isAllowed: boolean;
  /** Results of the gates before, when a signature says what they were; else null, and rules that ask for them deny. */
  readonly gates: Readonly<Record<string, string>> | null;
  readonly judgements: readonly Judgement[];
}

async function explainChange(change: string | undefined, flags: ExplainFlags): Promise<Explanation> {
  if (flags.author !== 'bot' && flags.author !== 'person') {
    throw new RatchetError('policy/usage', `--author ${flags.author} is neither bot nor person.`, 'Give one of the two.');
  }
  const head = flags.head ?? change;
  if (head === undefined || (flags.head !== undefined && change !== undefined)) {
    throw new RatchetError('policy/usage', 'Which change is not clear.', 'Give a branch, a hash, a number, or --head.');
  }
  const { repository, state } = await openForReading(flags);
  const ref = /^\d{1,9}$/.test(head) ? `refs/pull/${head}/head` : head;
  const shared = { repository, state, author: flags.author as 'bot' | 'person', head: ref };
  const present = await openChange({ ...shared, base: flags.base ?? (await baseOf(ref, repository)) });
  const signed = await signedRun(present);
  const context = flags.base !== undefined || signed === null ? present : await openChange({ ...shared, base: signed.base });
  const gates = signed?.base === context.base ? signed.gates : null;
  const judgements = await judgeChange(context, gates ?? {});
  const isAllowed = judgements.every(({ rulings }) => rulings.every((ruling) => ruling.isAllowed));
  return { base: context.base, head: context.head, isAllowed, gates, judgements };
}

/** Main; for what has come to main already, the commit before it there. */
async function baseOf(ref: string, repository: Repository): Promise<string> {
  const [head, main] = await Promise.all([repository.resolve(ref), repository.resolve('main')]);
  if (head === null || main === null || !(await repository.isOnFirstParentLine(head, main))) return 'main';
  return (await repository.firstParentLog(null, head)).at(-2)?.commit ?? 'main';
}

/** The base and the gates of the run that ended in a signature over a strategy of the head. */
async function signedRun(context: ChangeContext): Promise<{ base: string; gates: Readonly<Record<string, string>> } | null> {
  for (const id of await strategiesOf(context)) {
    const headTree = await context.repository.treeOf(context.head, `strategies/${id}`);
    const statement = await statementOver(context, { id, baseTree: null, headTree });
    const claim = statement?.predicate.ratchet;
    if (claim?.kind === 'gates') {
      const { policy: _policy, ...before } = claim.gates as Record<string, string>;
      return { base: claim.base, gates: before };
    }
  }
  return null;
}

/** Those that differ from the base now, and those that differed when a merged change was made. */
async function strategiesOf(context: ChangeContext): Promise<readonly string[]> {
  const changed = await changedStrategies(context);
  const touched = context.changes.flatMap(({ path }) => path.match(/^strategies\/([^/]+)\//)?.[1] ?? []);
  return [...new Set([...changed.map(({ id }) => id), ...touched])];
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
