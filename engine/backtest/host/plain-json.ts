// Bundled into the strategy realm: no Node imports here.

export type PlainJson = null | boolean | number | string | PlainJson[] | { [key: string]: PlainJson };

const DEPTH_MAX = 32;
const NODES_MAX = 20_000;
const TEXT_MAX = 100_000;
/** Of all texts and keys together: a state is stored after every bar. */
const CHARACTERS_MAX = 1_000_000;

interface Budget {
  nodes: number;
  characters: number;
}

/**
 * A copy of plain data. Whatever JSON would change or lose without a word is refused with the path to it: Map, Set, class
 * instances, functions, accessors, undefined, NaN and infinities, cycles, and data beyond 20,000 values or 1,000,000 characters.
 */
export function copyPlainJson(value: unknown, path: string): PlainJson {
  return copy(value, path, 0, { nodes: 0, characters: 0 });
}

function copy(value: unknown, path: string, depth: number, budget: Budget): PlainJson {
  budget.nodes += 1;
  if (budget.nodes > NODES_MAX) throw new TypeError(`${path}: the state holds more than ${NODES_MAX} values.`);
  if (depth > DEPTH_MAX) throw new TypeError(`${path} lies deeper than ${DEPTH_MAX} levels, or refers back to itself.`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (value.length > TEXT_MAX) throw new TypeError(`${path} is a text of more than ${TEXT_MAX} characters.`);
    spend(value, path, budget);
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new TypeError(`${path} is ${value}, which JSON cannot hold; use null where there is no value.`);
    // JSON knows one zero.
    return value === 0 ? 0 : value;
  }
  if (typeof value !== 'object') throw new TypeError(`${path} is ${typeof value}; state is plain JSON data.`);
  if (Array.isArray(value)) return copyArray(value, path, depth, budget);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path} is ${kindOf(value)}, which JSON would lose; use plain objects and arrays.`);
  }
  const result: { [key: string]: PlainJson } = {};
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw new TypeError(`${path} has a key that is a symbol, which JSON would lose.`);
    spend(key, path, budget);
    if (key === '__proto__') throw new TypeError(`${path} has a key named __proto__.`);
    result[key] = copy(dataOf(value, key, path), `${path}.${key}`, depth + 1, budget);
  }
  return result;
}

function copyArray(value: unknown[], path: string, depth: number, budget: Budget): PlainJson[] {
  if (Object.getPrototypeOf(value) !== Array.prototype) {
    throw new TypeError(`${path} is an instance of a class, which JSON would lose; use plain objects and arrays.`);
  }
  if (value.length > NODES_MAX) throw new TypeError(`${path} holds more than ${NODES_MAX} values.`);
  if (Reflect.ownKeys(value).length !== value.length + 1) throw new TypeError(`${path} is an array with holes or extra keys.`);
  const result: PlainJson[] = [];
  for (let index = 0; index < value.length; index += 1) {
    result.push(copy(dataOf(value, String(index), path), `${path}[${index}]`, depth + 1, budget));
  }
  return result;
}

function spend(text: string, path: string, budget: Budget): void {
  budget.characters += text.length;
  if (budget.characters <= CHARACTERS_MAX) return;
  throw new TypeError(`${path.slice(0, 100)}: the state holds more than ${CHARACTERS_MAX} characters.`);
}

function dataOf(value: object, key: string, path: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(value, key);
  if (descriptor === undefined || !('value' in descriptor))
    throw new TypeError(`${path}.${key} is computed; state is plain JSON data.`);
  return descriptor.value;
}

function kindOf(value: object): string {
  if (value instanceof Map) return 'a Map';
  if (value instanceof Set) return 'a Set';
  if (ArrayBuffer.isView(value)) return 'a typed array';
  return 'an instance of a class';
}
