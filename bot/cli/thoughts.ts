import { join } from 'node:path';
import { Command } from 'commander';
import { visible } from '#bot/evidence/markdown.ts';
import { count, counted } from '#bot/evidence/numbers.ts';
import { money } from '#bot/proposers/claude/money.ts';
import { cyclesIn, type KeptThought, readThoughts } from '#bot/proposers/claude/read-thoughts.ts';
import type { Thought } from '#bot/proposers/claude/thought.ts';
import { RatchetError } from '#engine/errors.ts';
import { columned } from './columned.ts';
import * as option from './option-parsers.ts';
import { workspaceAt } from './up/workspace.ts';

/** Of one text; a module with its tests has room in it. */
const CHARACTERS_SHOWN = 40_000;

interface ThoughtsFlags {
  workspace: string;
  limit: number;
  json?: boolean;
}

/** `ratchet thoughts`: every exchange with a model that is kept. */
export function thoughtsCommand(): Command {
  return new Command('thoughts')
    .description('List the exchanges with a model, the newest first, or show those of one night whole.')
    .argument('[cycle]', 'a night, such as 20260105-1')
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--limit <n>', 'how many at most', option.limit, 20)
    .option('--json', 'one JSON object, with every exchange whole')
    .action(thoughts);
}

function thoughts(cycle: string | undefined, { workspace, limit, json }: ThoughtsFlags): void {
  const dir = join(workspaceAt(workspace).bot, 'thoughts');
  const { thoughts: kept, found } = readThoughts(dir, { cycle: cycle ?? null, max: limit });
  if (cycle !== undefined && found === 0) throw unknownNight(cycle, dir);
  if (json === true) console.log(JSON.stringify({ found, thoughts: kept }));
  else if (found === 0) console.log('No model has been asked anything yet.');
  else {
    const shown = cycle === undefined ? listed(kept) : kept.map(whole).join('\n\n');
    const more = found > kept.length ? `\n\n${counted(found - kept.length, 'older exchange')} left out; --limit shows more.` : '';
    console.log(`${shown}${more}`);
  }
}

function unknownNight(cycle: string, dir: string): RatchetError {
  const newest = cyclesIn(dir).toSorted().at(-1);
  const remedy =
    newest === undefined ? 'No night has asked one yet.' : `The newest that has is ${newest}; ratchet thoughts lists them.`;
  return new RatchetError('thoughts/no-night', `No exchange of a night ${visible(cycle)} is kept.`, remedy, { cycle });
}

function listed(kept: readonly KeptThought[]): string {
  const rows = kept.map(({ record, thought }) =>
    thought === null
      ? ['', '', '', 'unreadable', '', '', record]
      : [
          time(thought.beganAt),
          visible(thought.by),
          thought.purpose,
          outcome(thought),
          thought.tokens === undefined ? '' : count(thought.tokens),
          cost(thought),
          record,
        ],
  );
  return columned(['began', 'by', 'for', 'came to', 'tokens', 'money', 'record'], rows, [4, 5]);
}

/** Its answer is a model's, its questions hold what people and strategies wrote: none of it may speak to the terminal. */
function whole(kept: KeptThought): string {
  if (kept.thought === null) return `== ${kept.record}\nIt cannot be read: ${visible(kept.problem)}`;
  const { record, thought } = kept;
  const { request, model, purpose, by } = thought;
  const facts = [outcome(thought), ...(thought.tokens === undefined ? [] : [`${count(thought.tokens)} tokens`]), cost(thought)];
  return [
    `== ${record}`,
    `${time(thought.beganAt)}, ${model} for ${visible(by)} (${purpose}): ${facts.filter((fact) => fact !== '').join(', ')}`,
    ...request.system.map(({ text }) => part('system', text)),
    ...request.messages.map(({ role, content }) => part(role, content)),
    ...answers(thought).map(([title, text]) => part(title, text)),
  ].join('\n');
}

function answers({ outcome: came, response }: Thought): readonly (readonly [title: string, text: string])[] {
  if (came === undefined) return [];
  const said = 'text' in came ? [['answer', came.text] as const] : [];
  const wrong = 'what' in came ? [['what is wrong', came.what] as const] : [];
  // Of an answer that broke off, whatever came.
  const partial = said.length === 0 && response ? [['as far as it came', JSON.stringify(response.content ?? null)] as const] : [];
  return [...said, ...partial, ...wrong];
}

function part(title: string, text: string): string {
  const shown = text.slice(0, CHARACTERS_SHOWN);
  const cut = text.length > shown.length ? [`  [${count(text.length - shown.length)} more characters; --json has them all]`] : [];
  return [`-- ${title}`, ...shown.split('\n').map(line), ...cut].join('\n');
}

function line(raw: string): string {
  const indent = /^[ \t]*/.exec(raw)![0].replaceAll('\t', '  ');
  return `  ${indent}${visible(raw)}`.trimEnd();
}

function outcome({ outcome: came, endedAt }: Thought): string {
  return came?.kind ?? (endedAt === null ? 'not ended' : 'unknown');
}

function cost({ money: spent }: Thought): string {
  return spent === undefined || spent === null ? '' : `${money(spent.micros)} ${spent.currency}`;
}

function time(instant: string): string {
  return `${instant.slice(0, 19).replace('T', ' ')} UTC`;
}
