import type { Json } from '#engine/contract/analysis.ts';

// Bundled into the analysis realm, where there is no Node.

/** What an answer may measure. */
export const ANSWER_LIMITS = {
  /** Of its JSON text. */
  characters: 262_144,
  values: 20_000,
  levels: 12,
  /** Of one text in it. */
  textCharacters: 2_000,
} as const;

/**
 * A copy of a value that is plain data all through, so that nothing of it changes or vanishes on its way to JSON.
 * @throws TypeError naming the first place that is not, or what there is too much of
 */
export function plainJson(value: unknown): Json {
  let values = 0;
  const copy = (item: unknown, path: string, level: number): Json => {
    values += 1;
    if (values > ANSWER_LIMITS.values) throw new TypeError(`The answer holds more than ${ANSWER_LIMITS.values} values.`);
    if (level > ANSWER_LIMITS.levels) throw new TypeError(`${path} is nested deeper than ${ANSWER_LIMITS.levels} levels.`);
    if (item === null || typeof item === 'boolean') return item;
    if (typeof item === 'number') {
      if (!Number.isFinite(item)) throw new TypeError(`${path} is ${String(item)}, which is no number anybody can use.`);
      return item;
    }
    if (typeof item === 'string') {
      if (!item.isWellFormed()) throw new TypeError(`${path} is a text with half a character in it.`);
      if (item.length <= ANSWER_LIMITS.textCharacters) return item;
      throw new TypeError(`${path} is a text of ${item.length} characters, the limit is ${ANSWER_LIMITS.textCharacters}.`);
    }
    if (Array.isArray(item)) return Array.from(item, (each, index) => copy(each, `${path}[${index}]`, level + 1));
    if (typeof item !== 'object' || Object.getPrototypeOf(item) !== Object.prototype)
      throw new TypeError(`${path} is no plain data: ${kindOf(item)}.`);
    const halved = Object.keys(item).find((name) => !name.isWellFormed());
    if (halved !== undefined) throw new TypeError(`${path} has a name with half a character in it.`);
    return Object.fromEntries(
      Object.entries(item).map(([name, inner]) => [name, copy(inner, `${path}.${name.slice(0, 60).toWellFormed()}`, level + 1)]),
    );
  };
  const plain = copy(value, 'answer', 1);
  const { length } = JSON.stringify(plain);
  if (length > ANSWER_LIMITS.characters)
    throw new TypeError(`The answer has ${length} characters, the limit is ${ANSWER_LIMITS.characters}.`);
  return plain;
}

function kindOf(item: unknown): string {
  if (typeof item !== 'object') return typeof item;
  if (item instanceof Map) return 'Map';
  return item instanceof Set ? 'Set' : 'an object of a class';
}
