/** Python's rule for names (PEP 503): case, `-`, `_` and `.` make no difference. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * Whether a version is within a specifier such as `>=1.2,<2` (PEP 440). Plain releases only: null where either side has a
 * pre-, post-, development or local part, or an operator this does not know, because a guess would be worse than no answer.
 */
export function satisfies(version: string, specifier: string): boolean | null {
  const clauses = specifier
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');
  let isKnown = true;
  for (const clause of clauses) {
    const answer = holds(version, clause);
    if (answer === false) return false;
    if (answer === null) isKnown = false;
  }
  return isKnown ? true : null;
}

function holds(version: string, clause: string): boolean | null {
  const [, operator, wanted] = /^(===|==|!=|<=|>=|~=|<|>)\s*(\S+)$/.exec(clause) ?? [];
  if (operator === undefined || wanted === undefined) return null;
  if (operator === '===') return version === wanted;
  const left = release(version);
  if (wanted.endsWith('.*') && (operator === '==' || operator === '!=')) {
    const prefix = release(wanted.slice(0, -2));
    if (left === null || prefix === null) return null;
    return startsWith(left, prefix) === (operator === '==');
  }
  const right = release(wanted);
  if (left === null || right === null) return version === wanted && /^[=<>]=$/.test(operator) ? true : null;
  const order = compare(left, right);
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    default:
      return right.length < 2 ? null : order >= 0 && startsWith(left, right.slice(0, -1));
  }
}

function release(version: string): readonly number[] | null {
  return /^v?\d+(?:\.\d+)*$/i.test(version) ? version.replace(/^v/i, '').split('.').map(Number) : null;
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function startsWith(version: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((part, index) => (version[index] ?? 0) === part);
}
