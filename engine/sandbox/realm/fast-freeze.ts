/*
 * V8 gives up its fast path for `array[i] = x` when an object in the array's prototype chain was frozen by `Object.freeze`:
 * the chain "may have read-only elements", and every store costs 40 ns instead of one, in strategies and simulation alike.
 * Making the same prototypes non-extensible and their properties read-only one by one is as frozen to the language, and not to
 * that test. SES freezes with what `Object.freeze` is when it is loaded; this stands in for it until then.
 */
const native = Object.freeze;
const { preventExtensions, isFrozen } = Object;
const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const chains = new Set<unknown>([Object.prototype, Array.prototype, typedArray]);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const prototype = (globalThis as unknown as Record<string, { prototype?: object } | undefined>)[name]?.prototype;
  if (prototype !== undefined && Object.getPrototypeOf(prototype) === typedArray) chains.add(prototype);
}

const methods = {
  freeze(target: object): object {
    if (!chains.has(target)) return native(target);
    for (const key of ownKeys(target)) {
      const descriptor = getOwnPropertyDescriptor(target, key)!;
      if (!descriptor.configurable && descriptor.writable !== true) continue;
      defineProperty(target, key, 'value' in descriptor ? { configurable: false, writable: false } : { configurable: false });
    }
    preventExtensions(target);
    if (!isFrozen(target)) throw new TypeError('A prototype could not be frozen.');
    return target;
  },
};
Object.freeze = methods.freeze as typeof Object.freeze;

/** Call when SES is loaded: strategies and programs get the platform's own. */
export function restoreFreeze(): void {
  Object.freeze = native;
}

const READS = 100;

/**
 * Call when everything is frozen: changing properties one by one has left the prototypes as dictionaries, in which `array.length`
 * costs 10 ns. V8 makes an object fast again when it is used as a prototype and something is looked up through it.
 */
export function settlePrototypes(): number {
  let found = 0;
  for (const prototype of chains) {
    const heir = Object.create(prototype as object) as Record<string, unknown>;
    for (let read = 0; read < READS; read += 1) if (heir.absent !== undefined) found += 1;
  }
  return found;
}
