/*
 * What would tell a strategy which Node or which engine it runs in, and let it decide differently there with the same result id.
 */
const { getOwnPropertyDescriptor, defineProperty } = Object;
const ErrorOfRealm = Error;

/*
 * A function's text: that of the contract's functions is the engine's own source. SES, loaded after this, takes it for the platform's.
 */
const methods = {
  toString(this: unknown): string {
    if (typeof this !== 'function') throw new TypeError('Function.prototype.toString is for functions.');
    const name: unknown = getOwnPropertyDescriptor(this, 'name')?.value;
    return `function ${typeof name === 'string' ? name : ''}() { [native code] }`;
  },
  getOwnPropertyDescriptor(target: object, key: PropertyKey): PropertyDescriptor | undefined {
    const found = getOwnPropertyDescriptor(target, key);
    if (found === undefined || 'value' in found || key !== 'stack' || !(target instanceof ErrorOfRealm)) return found;
    return { value: '', writable: true, enumerable: false, configurable: true };
  },
};
replace(Function.prototype, 'toString');

/** The stack of an error is a plain property on Node 20 and an accessor later. Call when SES, which must know, is loaded. */
export function hideStackAccessor(): void {
  replace(Object, 'getOwnPropertyDescriptor');
}

function replace(owner: object, name: keyof typeof methods): void {
  defineProperty(owner, name, { value: methods[name], writable: true, enumerable: false, configurable: true });
}
