import type { Command } from 'commander';

/** A command as documents may name it: its name, what may follow, and its options. */
export interface CommandShape {
  readonly name: string;
  readonly commands: readonly CommandShape[];
  readonly takesArguments: boolean;
  /** Long ones, `--base`. */
  readonly options: readonly string[];
}

export function shapeOf(command: Command): CommandShape {
  return {
    name: command.name(),
    commands: command.commands.map(shapeOf),
    takesArguments: command.registeredArguments.length > 0,
    options: command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])),
  };
}

/** Null when the words behind the program's name are a command that exists, with options it has; else what is wrong. */
export function troubleWithWords(program: CommandShape, words: readonly string[]): string | null {
  let command = program;
  let rest = [...words];
  for (;;) {
    const child = command.commands.find(({ name }) => name === rest[0]);
    if (child === undefined) break;
    command = child;
    rest = rest.slice(1);
  }
  const [first] = rest;
  if (first !== undefined && !first.startsWith('-') && first !== '…' && !command.takesArguments)
    return command.commands.length > 0 ? `${command.name} has no command ${first}` : `${command.name} takes no ${first}`;
  const known = new Set(['--help', ...command.options]);
  const unknown = rest.filter((word) => /^--[a-z]/.test(word)).find((word) => !known.has(word.split('=')[0]!));
  return unknown === undefined ? null : `${command.name} has no option ${unknown}`;
}
