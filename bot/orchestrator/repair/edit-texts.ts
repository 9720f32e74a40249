import { normalName } from '#bot/gates/audit/pep440.ts';
import { RatchetError } from '#engine/errors.ts';
import type { Edit } from './move.ts';

/** Hashes, `sha256:…` without the prefix, of the files of one version; none where the index names none. */
export type HashesOf = (name: string, version: string) => readonly string[];

/** The texts with the edits in them, everything else as it was: order, indentation, comments. Those that are not touched are left out. */
export function editTexts(
  files: ReadonlyMap<string, string>,
  edits: readonly Edit[],
  hashesOf: HashesOf = () => [],
): ReadonlyMap<string, string> {
  const edited = new Map<string, string>();
  for (const edit of edits) {
    const text = edited.get(edit.file) ?? files.get(edit.file);
    if (text === undefined) throw notThere(edit);
    edited.set(edit.file, applied(text, edit, hashesOf));
  }
  return edited;
}

function applied(text: string, edit: Edit, hashesOf: HashesOf): string {
  switch (edit.kind) {
    case 'range':
      return inJson(text, (manifest) => set(manifest, [edit.field, edit.name], edit.range));
    case 'override':
      return inJson(text, (manifest) => set(manifest, ['overrides', ...edit.path], edit.range));
    case 'pin':
      return repinned(text, edit, hashesOf(edit.name, edit.to));
    case 'specifier':
      return respecified(text, edit);
    default:
      return edit satisfies never;
  }
}

type Json = { [key: string]: unknown };

function inJson(text: string, change: (value: Json) => void): string {
  const value = JSON.parse(text) as Json;
  change(value);
  const indent = /^([\t ]+)"/m.exec(text)?.[1] ?? 2;
  return `${JSON.stringify(value, null, indent)}${text.endsWith('\n') ? '\n' : ''}`;
}

function set(value: Json, path: readonly string[], to: string): void {
  const [key, ...rest] = path;
  if (rest.length === 0) {
    value[key!] = to;
    return;
  }
  value[key!] ??= {};
  set(value[key!] as Json, rest, to);
}

/** A requirement may go over several lines, each but the last ending in `\`; comments below it stay. */
function repinned(text: string, edit: Extract<Edit, { kind: 'pin' }>, hashes: readonly string[]): string {
  const lines = text.split('\n');
  const isIt = (line: string): boolean => {
    const [, name, version] = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([^\s;\\,]+)/.exec(line) ?? [];
    return name !== undefined && normalName(name) === edit.name && version === edit.from;
  };
  const written: string[] = [];
  let isFound = false;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (!isIt(line)) {
      written.push(line);
      continue;
    }
    isFound = true;
    const whole = [line];
    while (whole.at(-1)!.endsWith('\\') && at + 1 < lines.length) {
      at += 1;
      whole.push(lines[at]!);
    }
    const bare = line.replace(/\s*\\$/, '').replace(/\s+--hash[=\s]\S+/g, '');
    const moved = bare.replace(/(===?\s*)[^\s;\\,]+/, `$1${edit.to}`);
    const hadHashes = whole.some((part) => part.includes('--hash'));
    if (!hadHashes) written.push(moved);
    else written.push([moved, ...hashes.toSorted().map((hash) => `    --hash=sha256:${hash}`)].join(' \\\n'));
  }
  if (!isFound) throw notThere(edit);
  return written.join('\n');
}

function respecified(text: string, edit: Extract<Edit, { kind: 'specifier' }>): string {
  let isFound = false;
  const lines = text.split('\n').map((line) => {
    const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(line)?.[1];
    if (name === undefined || normalName(name) !== edit.name || !line.includes(edit.before)) return line;
    isFound = true;
    return line.replace(edit.before, edit.after);
  });
  if (!isFound) throw notThere(edit);
  return lines.join('\n');
}

function notThere({ file, kind }: Edit): RatchetError {
  return new RatchetError(
    'repair/not-there',
    `${file} does not have the ${kind} that is to be changed.`,
    'Nothing was pushed; change it by hand.',
    { file },
  );
}
