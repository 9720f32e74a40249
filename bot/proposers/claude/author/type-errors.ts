import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTool } from '#bot/gates/audit/run-tool.ts';
import type { Finding } from '#engine/sandbox/finding.ts';

/** The program's own folder: what is written here is held to the same compiler options as the program itself. */
const HOME = fileURLToPath(new URL('../../../../', import.meta.url));
const TIMEOUT_MS = 60_000;
/** Types that are made to grow end by themselves here, and take nothing from the rest of the machine. */
const MEMORY_KB = 2 * 1024 * 1024;
const WRITTEN = 'written.ts';

const PLACED = /^(\S.*?)\((\d+),(\d+)\): error (TS\d+): (.*)$/;
const QUIET = /@ts-(?:ignore|expect-error|nocheck)/;

export type TypeCheck =
  | { readonly kind: 'checked'; readonly errors: readonly Finding[] }
  /** Nobody knows whether its types are right, and why: that is never the same as no errors. */
  | { readonly kind: 'unchecked'; readonly why: string };

/**
 * What TypeScript itself says of a module whose one import is the contract, in a process of its own and without running any of it. Hostile
 * text is to pass the static wall's limits first. What TypeScript would say about other files than the contract is not told: a type
 * could be taken from any file of this machine, and its errors would show what stands in it.
 * @param file for the findings
 * @param compiler where TypeScript's program is; null where it is not installed
 */
export async function typeErrors(file: string, source: string, compiler: string | null = compilerPath()): Promise<TypeCheck> {
  const quiet = source.split('\n').flatMap((line, index): Finding[] => {
    const at = line.search(QUIET);
    const message = 'A comment that keeps TypeScript quiet is refused: mend what it would say.';
    return at === -1 ? [] : [{ rule: 'types/quiet', message, file, line: index + 1, column: at + 1 }];
  });
  if (quiet.length > 0) return { kind: 'checked', errors: quiet };
  if (compiler === null) return { kind: 'unchecked', why: 'TypeScript is not installed here' };
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'ratchet-types-')));
  try {
    await Promise.all([
      writeFile(join(dir, WRITTEN), source),
      writeFile(join(dir, 'package.json'), '{"type":"module"}'),
      writeFile(join(dir, 'tsconfig.json'), JSON.stringify(configuration())),
    ]);
    const run = await runTool(...commandLine(compiler), dir, TIMEOUT_MS, 'as-shipped');
    return run.kind === 'failed' ? { kind: 'unchecked', why: run.why } : verdictOf(run.stdout, { dir, file });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function compilerPath(): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  } catch {
    // It is told as what it is: nobody has looked.
    return null;
  }
}

function commandLine(compiler: string): [string, string[]] {
  const line = [process.execPath, compiler, '--project', 'tsconfig.json', '--pretty', 'false', '--listFiles'];
  if (process.platform === 'win32') return [line[0]!, line.slice(1)];
  return ['/bin/sh', ['-c', `ulimit -d ${MEMORY_KB}; exec "$@"`, 'sh', ...line]];
}

function configuration(): object {
  return {
    extends: join(HOME, 'tsconfig.json'),
    compilerOptions: { types: [], paths: { 'ratchet/contract': [join(HOME, 'engine', 'contract', 'index.ts')] } },
    include: [],
    files: [WRITTEN],
  };
}

/** Errors come first, what belongs to one indented below it; then the files that were read, a line each. */
function verdictOf(stdout: string, { dir, file }: { readonly dir: string; readonly file: string }): TypeCheck {
  const errors: { place: string; finding: Finding }[] = [];
  const read: string[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    const placed = PLACED.exec(line);
    const last = errors.at(-1);
    if (placed !== null) {
      const [, place, row, column, rule, message] = placed as unknown as [string, string, string, string, string, string];
      errors.push({ place, finding: { rule, message, file, line: Number(row), column: Number(column) } });
    } else if (/^\s+\S/.test(line) && last !== undefined && read.length === 0) {
      last.finding = { ...last.finding, message: `${last.finding.message} ${line.trim()}` };
    } else if (line !== '') read.push(line);
  }
  if (!read.includes(join(dir, WRITTEN))) return { kind: 'unchecked', why: 'TypeScript ended without a verdict' };
  if (!read.every((path) => isKnown(path, dir))) {
    const message = 'Types come from ratchet/contract and from no other file: leave out what refers to another.';
    return { kind: 'checked', errors: [{ rule: 'types/one-import', message, file, line: 1, column: 1 }] };
  }
  const own = errors.filter(({ place }) => place === WRITTEN);
  return { kind: 'checked', errors: own.map(({ finding }) => ({ ...finding, message: withoutPlaces(finding.message, dir) })) };
}

/** TypeScript names types by where they stand on this machine: the same fault is to be told in the same words everywhere. */
function withoutPlaces(message: string, dir: string): string {
  return message.replaceAll(`${dir}${sep}`, '').replaceAll(HOME, '');
}

function isKnown(path: string, dir: string): boolean {
  if (path === join(dir, WRITTEN) || /^lib(?:\.[a-z0-9]+)*\.d\.ts$/.test(basename(path))) return true;
  return ['contract', 'indicators'].some((room) => path.startsWith(join(HOME, 'engine', room) + sep));
}
