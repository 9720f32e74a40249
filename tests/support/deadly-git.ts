import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A moment in what a program does with git: just before a command is run, or when it is done and the program has not heard of it. */
export interface Moment {
  readonly when: 'before' | 'after';
  /**
   * A pattern as the shell's `case` has it, of `commit SUBJECT` for a branch that is moved to a commit of this mirror, and of
   * `push ARGUMENTS` for what is pushed.
   */
  readonly what: string;
}

export interface DeadlyGit {
  /** To be set for whoever shall be killed. */
  readonly PATH: string;
  /** Names the moment at which whoever runs git is killed with SIGKILL, once. */
  killAt(moment: Moment): void;
  /** Whether the moment that was named last has come. */
  hasStruck(): boolean;
}

/** The real git behind a script that kills whoever runs it, at a moment that no clock has to hit. */
export function deadlyGit(dir: string): DeadlyGit {
  mkdirSync(dir, { recursive: true });
  const moment = join(dir, 'moment');
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  const script = [
    '#!/bin/sh',
    'strike() {',
    `  [ -f '${moment}' ] || return 0`,
    '  case "$1" in update-ref | push) ;; *) return 0 ;; esac',
    `  { read -r when; read -r what; } < '${moment}'`,
    '  [ "$when" = "$now" ] || return 0',
    '  said="push $*"',
    `  [ "$1" = push ] || said="commit $('${real}' log -1 --format=%s "$3" 2>/dev/null)"`,
    `  case "$said" in $what) rm '${moment}'; kill -9 $PPID; exit 1 ;; esac`,
    '}',
    'now=before; strike "$@"',
    `'${real}' "$@" || exit $?`,
    'now=after; strike "$@"',
    '',
  ].join('\n');
  writeFileSync(join(dir, 'git'), script);
  chmodSync(join(dir, 'git'), 0o755);
  return {
    PATH: `${dir}${delimiter}${process.env.PATH}`,
    killAt: ({ when, what }) => writeFileSync(moment, `${when}\n${what}\n`),
    hasStruck: () => !existsSync(moment),
  };
}
