import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DocumentTree } from '#bot/gates/docs/find-broken-references.ts';
import { scriptsIn } from '#bot/gates/docs.ts';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

/** This checkout as it would be committed, for the gate that reads commits. */
export function thisTree(): DocumentTree {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const files = [...new Set(listed)].filter((path) => path !== '' && existsSync(join(ROOT, path)));
  const documents = files.filter((path) => path.endsWith('.md'));
  const manifests = files.filter((path) => posix.basename(path) === 'package.json');
  return {
    files,
    documents: new Map(documents.map((path) => [path, textOf(path)])),
    scripts: new Map(manifests.map((path) => [path.includes('/') ? posix.dirname(path) : '', scriptsIn(textOf(path))])),
  };
}

/** The codes in the first column of a document's tables. */
export function firstColumnCodes(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}
