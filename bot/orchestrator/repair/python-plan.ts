import { normalName, satisfies } from '#bot/gates/audit/pep440.ts';
import { readRequirements } from '#bot/gates/audit/python-requirements.ts';
import { type Edit, type Move, noVersion, type Published, type Refused, type Unmended, versionKey } from './move.ts';
import type { WeakPackage } from './weaknesses.ts';

/**
 * What to write so that pip takes another version of a weak package: another exact version, the smallest in which the database says that
 * it is mended, and in the list's source (`X.in` of `X.txt`) another specifier where the one that stands there does not allow it.
 */
export function planPython(
  weak: WeakPackage,
  files: ReadonlyMap<string, string>,
  published: Published,
  refused: Refused,
): Move | Unmended {
  const unmended = (reason: string): Unmended => ({ weak, reason });
  const { file, name, version: from } = weak;
  const versions = published.versionsOf(weak);
  if (versions === null) return unmended('the index does not say which versions there are');
  const source = file.replace(/\.txt$/, '.in');
  const asked = source === file ? undefined : specifierIn(source, files.get(source), name);
  const allowed = (version: string): boolean => asked === undefined || satisfies(version, asked) !== false;
  const candidates = candidatesFor(weak, versions, refused);
  const to = candidates.find(allowed) ?? candidates[0];
  if (to === undefined) return unmended(noVersion(weak, refused));
  const edits: Edit[] = [{ kind: 'pin', file, name, from, to }];
  if (asked === undefined || allowed(to)) return { weak, to, edits, beyond: [] };
  const after = raisedSpecifier(asked, to);
  if (after === null) return unmended(`${source} asks for ${name}${asked}, and the smallest version without it is ${to}`);
  edits.push({ kind: 'specifier', file: source, name, before: asked, after });
  return { weak, to, edits, beyond: [`${source} asks for ${name}${asked}`] };
}

/** Versions after the weak one, smallest first; those in which an advisory is said to be mended before all others. */
function candidatesFor(weak: WeakPackage, versions: readonly string[], refused: Refused): readonly string[] {
  const after = versions
    .filter((version) => satisfies(version, `>${weak.version}`) === true && !refused.has(versionKey(weak, version)))
    .sort((left, right) => (satisfies(left, `<${right}`) === true ? -1 : 1));
  const mended = weak.advisories.flatMap(({ fix }) => (fix?.kind === 'since' ? [fix.versions] : []));
  const isMended = (version: string): boolean => mended.every((some) => some.some((one) => satisfies(version, `>=${one}`)));
  const named = new Set(mended.flat());
  const good = after.filter(isMended);
  return [...good.filter((version) => named.has(version)), ...good.filter((version) => !named.has(version))];
}

function specifierIn(file: string, text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  const found = readRequirements(file, text).wanted.find((one) => normalName(one.name) === name);
  return found?.specifier ?? undefined;
}

/** Null where it has an upper bound that somebody wrote on purpose. */
function raisedSpecifier(specifier: string, to: string): string | null {
  const [, operator] = /^(==|~=)\s*[^\s,*]+$/.exec(specifier) ?? [];
  return operator === undefined ? null : `${operator}${to}`;
}
