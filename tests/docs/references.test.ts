import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '#bot/cli/program.ts';
import { EVALUATION_PATH } from '#bot/evidence/evaluation.ts';
import { codeOf, documents, existsInRepository, relativeLinks, target, textOf } from './documents.ts';

const ROOMS = /^(?:\.ci|\.github|bot|docs|engine|policies|strategies|tests)\//;
/** `ratchet up` writes these into the repository of a workspace; this checkout has none. */
const MADE_WITH_A_WORKSPACE = [EVALUATION_PATH, 'policies/keys.yaml'];

/** Commands that the README says come next. One that has come must leave this list. */
const ANNOUNCED = ['init'];

const program = createProgram();
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** Null when the words name a command that exists, with options it has; else what is wrong. */
function troubleWith(words: readonly string[]): string | null {
  let command: Command = program;
  let rest = [...words];
  for (;;) {
    const child = command.commands.find((one) => one.name() === rest[0]);
    if (child === undefined) break;
    command = child;
    rest = rest.slice(1);
  }
  const [first] = rest;
  if (
    command.commands.length > 0 &&
    command.registeredArguments.length === 0 &&
    first !== undefined &&
    first !== '--help' &&
    first !== '…'
  )
    return `${command.name()} has no command ${first}`;
  if (first !== undefined && !first.startsWith('-') && command.registeredArguments.length === 0)
    return `${command.name()} takes no ${first}`;
  const known = new Set(['--help', ...command.options.map(({ long }) => long)]);
  const unknown = rest.filter((word) => word.startsWith('--')).find((word) => !known.has(word.split('=')[0]!));
  return unknown === undefined ? null : `${command.name()} has no option ${unknown}`;
}

function commandsIn(text: string): readonly string[] {
  return codeOf(text)
    .filter((code) => /^(?:npx )?ratchet(?: |$)|^npm (?:start|test|run)\b/.test(code))
    .filter((code) => !ANNOUNCED.some((name) => code === `ratchet ${name}`));
}

function troubleWithLine(line: string): string | null {
  const words = line.split(/\s+/);
  if (words[0] !== 'npm') return troubleWith(words.slice(words[0] === 'npx' ? 2 : 1));
  const script = words[1] === 'run' ? words[2] : words[1];
  if (script === undefined || scripts[script] === undefined) return `package.json has no script ${script}`;
  const passed = words.includes('--') ? words.slice(words.indexOf('--') + 1) : [];
  const ratchet = scripts[script].match(/^node bot\/cli\/ratchet\.js ?(.*)$/)?.[1];
  return ratchet === undefined ? null : troubleWith([...ratchet.split(' ').filter((word) => word !== ''), ...passed]);
}

describe.each(documents())('%s', (document) => {
  const text = textOf(document);

  it('links to what is there', () => {
    const broken = relativeLinks(text).filter((link) => !existsInRepository(target(document, link)));
    expect(broken).toEqual([]);
  });

  it('names paths that are there', () => {
    const paths = codeOf(text).filter((code) => ROOMS.test(code) && !/[\s<>*…]/.test(code));
    const absent = paths.filter((path) => !MADE_WITH_A_WORKSPACE.includes(path) && !existsInRepository(path));
    expect(absent).toEqual([]);
  });

  it('names commands that there are, with options they have', () => {
    expect(commandsIn(text).flatMap((line) => troubleWithLine(line) ?? [])).toEqual([]);
  });
});

it('nothing is announced that has come, or that nobody announces', () => {
  expect(program.commands.map((command) => command.name()).filter((name) => ANNOUNCED.includes(name))).toEqual([]);
  expect(ANNOUNCED.filter((name) => !textOf('README.md').includes(`\`ratchet ${name}\``))).toEqual([]);
});

describe('a document that is wrong', () => {
  it('is found out by its link', () => {
    expect(relativeLinks('[a](b.md#c) ![d](../e.png) [f](https://example.com) `[g](h)`')).toEqual(['b.md', '../e.png']);
    expect(target('docs/ops/README.md', '../../SECURITY.md')).toBe('SECURITY.md');
    expect(existsInRepository(target('docs/ops/README.md', '../SECURITY.md'))).toBe(false);
  });

  it.each([
    ['ratchet night', 'ratchet has no command night'],
    ['npx ratchet data upload FILE', 'data has no command upload'],
    ['ratchet status --colour', 'status has no option --colour'],
    ['ratchet doctor teeth', 'doctor takes no teeth'],
    ['npm start -- --twice', 'up has no option --twice'],
    ['npm run deploy', 'package.json has no script deploy'],
  ])('is found out by `%s`', (line, trouble) => {
    expect(commandsIn(`Type \`${line}\`.`)).toEqual([line]);
    expect(troubleWithLine(line)).toBe(trouble);
  });

  it.each(['ratchet status --json', 'npx ratchet gate all --base A --head B', 'npm start -- --once --seed 7', 'npm test'])(
    'is not mistaken for one that says `%s`',
    (line) => {
      expect(commandsIn(`\`\`\`sh\n${line}   # a word\n\`\`\``)).toEqual([line]);
      expect(troubleWithLine(line)).toBeNull();
    },
  );
});
