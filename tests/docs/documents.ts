import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every document a person reads, by its path in the repository. */
export function documents(): readonly string[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'strategies/README.md', ...pages.sort()];
}

export function textOf(document: string): string {
  return readFileSync(join(ROOT, document), 'utf8');
}

export function existsInRepository(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** Where a link of a document leads, as a path in the repository. */
export function target(document: string, link: string): string {
  return relative(ROOT, join(ROOT, dirname(document), decodeURI(link)));
}

/** Links and pictures to somewhere within the repository, without what follows `#`. */
export function relativeLinks(text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!.replace(/#.*$/, ''))
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link));
}

/** What stands in backticks, and each line of a fenced block, without its comment. */
export function codeOf(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap((match) => match[1]!.split('\n'));
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
  return [...spans, ...blocks.flatMap((line) => line.split(' && '))]
    .map((code) => code.replace(/\s+#.*$/, '').trim())
    .filter((code) => code !== '');
}

/** The codes in the first column of a document's tables. */
export function firstColumnCodes(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split(' | ')[0]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}
