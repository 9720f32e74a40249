import { code, shellWord, table, text } from '#bot/evidence/markdown.ts';
import { counted } from '#bot/evidence/numbers.ts';
import type { Advisory } from '#bot/gates/audit/scan.ts';
import type { Edit, Move, Unmended } from './move.ts';

export interface RepairText {
  readonly moves: readonly Move[];
  readonly unmended: readonly Unmended[];
  /** Everything that stands at another version in a lock afterwards, what comes along included. */
  readonly along: readonly VersionChange[];
  /** Numbers of open pull requests. */
  readonly unblocks: readonly number[];
  readonly base: string;
  readonly head: string;
}

/** One package of one lock, before and after; null where it was or is not there. */
export interface VersionChange {
  readonly file: string;
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** GitHub's limit is 65,535 characters; what comes along may be long. */
const ALONG_MAX = 60;

/** What a repair says of itself, in Markdown. Advisories are other people's words: they are shown and do nothing. */
export function repairBody(facts: RepairText): string {
  return [
    `${counted(facts.moves.length, 'package')} with known weaknesses on \`main\` ${facts.moves.length === 1 ? 'moves' : 'move'} to versions without them. The lock was written by the package manager itself and audited again.`,
    advisories(facts),
    moved(facts),
    alongside(facts),
    left(facts),
    unblocked(facts),
    reproduce(facts),
  ]
    .filter((section) => section !== '')
    .join('\n\n');
}

function advisories({ moves }: RepairText): string {
  const rows = moves.flatMap(({ weak }) =>
    weak.advisories.map((advisory) => [
      named(advisory),
      code(`${weak.name} ${weak.version}`),
      text(advisory.severity ?? ''),
      text(advisory.title),
    ]),
  );
  return `## Advisories\n\n${table(columns('Advisory', 'Package', 'Severity', 'What it is'), rows)}`;
}

function named({ id, aliases }: Advisory): string {
  return [id, ...aliases].map((one) => code(one)).join(' ');
}

function moved({ moves }: RepairText): string {
  const rows = moves.map(({ weak, to, edits, beyond }) => [
    code(weak.file),
    code(weak.name),
    `${code(weak.version)} → ${code(to)}`,
    [...edits.map(written), ...beyond.map((one) => `**beyond** what ${text(one)}`)].join('; '),
  ]);
  return `## What moves\n\n${table(columns('Lock', 'Package', 'From and to', 'Written down as'), rows)}`;
}

function written(edit: Edit): string {
  switch (edit.kind) {
    case 'range':
      return `${code(`${edit.field}.${edit.name}: ${edit.range}`)} in ${code(edit.file)}`;
    case 'override':
      return `${code(`overrides.${edit.path.join('.')}: ${edit.range}`)} in ${code(edit.file)}`;
    case 'pin':
      return `${code(`${edit.name}==${edit.to}`)} with its hashes`;
    case 'specifier':
      return `${code(`${edit.name}${edit.after}`)} in ${code(edit.file)}`;
    default:
      return edit satisfies never;
  }
}

function alongside({ along, moves }: RepairText): string {
  const planned = new Set(moves.map(({ weak }) => `${weak.file} ${weak.name}`));
  const others = along.filter(({ file, name }) => !planned.has(`${file} ${name}`));
  if (others.length === 0) return 'Nothing else moves in any lock.';
  const rows = others
    .slice(0, ALONG_MAX)
    .map(({ file, name, before, after }) => [
      code(file),
      code(name),
      before === null ? 'new' : code(before),
      after === null ? 'gone' : code(after),
    ]);
  const rest = others.length > ALONG_MAX ? `\n\nAnd ${others.length - ALONG_MAX} more.` : '';
  return `## What comes along\n\n${table(columns('Lock', 'Package', 'Before', 'After'), rows)}${rest}`;
}

function left({ unmended }: RepairText): string {
  if (unmended.length === 0) return '';
  const lines = unmended.map(({ weak, reason }) => {
    const ids = weak.advisories.map(({ id }) => code(id)).join(', ');
    return `- ${code(`${weak.name} ${weak.version}`)} in ${code(weak.file)} (${ids}): ${text(reason)}.`;
  });
  return `## Not mended\n\n${lines.join('\n')}`;
}

function unblocked({ unblocks }: RepairText): string {
  const title = '## What it unblocks';
  if (unblocks.length === 0) return `${title}\n\nNo open pull request stands for these advisories.`;
  const list = unblocks.map((number) => `#${number}`).join(', ');
  return `${title}\n\n${list}: their audit fails for the same advisories. After the merge the bot makes its own again on the new \`main\`, and has the others proven again.`;
}

function reproduce({ base, head }: RepairText): string {
  const command = `ratchet gate audit --author repair --base ${shellWord(base)} --head ${shellWord(head)}`;
  return `## How to see it again\n\n\`\`\`sh\n${command}\nratchet repair --dry-run\n\`\`\`\n\nA person merges it: the bot merges nothing outside strategies by itself.`;
}

function columns(...titles: readonly string[]) {
  return titles.map((title) => ({ title, alignment: 'left' as const }));
}
