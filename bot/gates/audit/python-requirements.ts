import type { LockedPackage, Remark } from './inventory.ts';
import { normalName } from './pep440.ts';

/** A package that a manifest asks for, and within which versions. */
export interface Wanted {
  readonly name: string;
  /** As PEP 440 writes it, `>=1.2,<2`; empty for any. Null where it is written in a way that only its tool reads. */
  readonly specifier: string | null;
  readonly line: number;
}

export interface Requirements {
  readonly pins: readonly LockedPackage[];
  readonly wanted: readonly Wanted[];
  /** Other files that it takes in, as written. */
  readonly includes: readonly { readonly path: string; readonly line: number }[];
  readonly remarks: readonly Remark[];
}

/** Options that change where packages come from: what PyPI's advisories say is then no answer. */
const ELSEWHERE = /^(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-index|--trusted-host)(?![a-z-])/;
/**
 * Options that change neither which packages are meant nor where they come from. pip takes shortened ones and letters without a
 * space as well (`--req`, `-rmore.txt`), so whatever is not known here is taken for something that matters.
 */
const HARMLESS = /^--(?:require-hashes|pre|prefer-binary|only-binary|no-binary)(?:[\s=]|$)/;

/**
 * Reads a requirements file as pip does, without running it: one requirement a line, `\` joins lines, ` #` begins a comment.
 * Markers are left aside: what is installed on any platform is looked at.
 */
export function readRequirements(file: string, text: string): Requirements {
  const pins: LockedPackage[] = [];
  const wanted: Wanted[] = [];
  const includes: { path: string; line: number }[] = [];
  const remarks: Remark[] = [];
  let unhashed = 0;
  for (const { line, content } of logicalLines(text)) {
    const include = /^(?:-r\s*|--requirement[\s=]+)(\S+)$/.exec(content)?.[1];
    const remark = (kind: Remark['kind'], message: string) => remarks.push({ kind, file, line, message });
    if (include !== undefined) includes.push({ path: include, line });
    else if (ELSEWHERE.test(content))
      remark(
        'unread',
        `${content.split(/[\s=]/)[0]} takes packages from another index, whose advisories nobody lists: remove it.`,
      );
    else if (/^(?:-e|--editable)\b/.test(content) || /^(?:\.{0,2}\/|[a-z+]+:\/\/)/i.test(content))
      remark('unread', `${quoted(content)} is no published version, so no advisory can be looked up for it: name one.`);
    else if (HARMLESS.test(content)) continue;
    else if (content.startsWith('-'))
      remark(
        'unread',
        `${quoted(content)} may bring packages from elsewhere: write each NAME==VERSION here, and take the line out.`,
      );
    else {
      const requirement = readRequirement(content);
      if (requirement === null) remark('unread', `${quoted(content)} names no package at a version: write NAME==VERSION.`);
      else {
        wanted.push({ ...requirement, line });
        const version = pinned(requirement.specifier);
        if (version !== null) pins.push({ ecosystem: 'PyPI', name: requirement.name, version, file, line });
        else
          remark(
            'unread',
            `${requirement.name} has no exact version, so nobody can say what would be installed: pin it, with pip-compile --generate-hashes.`,
          );
        if (!content.includes('--hash')) unhashed += 1;
      }
    }
  }
  if (unhashed > 0)
    remarks.push({
      kind: 'notice',
      file,
      line: 1,
      message: 'It has requirements without a hash, so an index can serve other bytes: pip-compile --generate-hashes adds them.',
    });
  return { pins, wanted, includes, remarks };
}

/** `Name[extra]>=1; marker --hash=…` as PEP 508 writes it; null for what is not a name with versions. */
export function readRequirement(text: string): { readonly name: string; readonly specifier: string } | null {
  const bare = text
    .replace(/\s--hash[=\s].*$/s, '')
    .replace(/;.*$/s, '')
    .trim();
  const [, name, rest] = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/s.exec(bare) ?? [];
  if (name === undefined || rest === undefined) return null;
  const specifier = rest.replace(/^\((.*)\)$/s, '$1').trim();
  return /^(?:(?:===|==|!=|<=|>=|~=|<|>)\s*[^\s,]+\s*(?:,\s*(?=\S)|$))*$/.test(specifier)
    ? { name: normalName(name), specifier }
    : null;
}

function pinned(specifier: string): string | null {
  const version = /^={2,3}\s*([^\s,*]+)$/.exec(specifier)?.[1] ?? null;
  return version;
}

/** Where Python ends a line: at more than a line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const LINE_ENDS = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

function logicalLines(text: string): readonly { readonly line: number; readonly content: string }[] {
  const found: { line: number; content: string }[] = [];
  let joined: { line: number; content: string } | null = null;
  for (const [index, raw] of text.split(LINE_ENDS).entries()) {
    const current: { line: number; content: string } = joined ?? { line: index + 1, content: '' };
    const isComment = /^\s*#/.test(raw);
    current.content += isComment ? '' : raw.replace(/\\$/, ' ');
    joined = raw.endsWith('\\') && !isComment ? current : null;
    if (joined === null) found.push(current);
  }
  if (joined !== null) found.push(joined);
  return found
    .map(({ line, content }) => ({ line, content: content.replace(/(?:^|\s)#.*$/, '').trim() }))
    .filter(({ content }) => content !== '');
}

function quoted(content: string): string {
  return JSON.stringify(content.slice(0, 80));
}
