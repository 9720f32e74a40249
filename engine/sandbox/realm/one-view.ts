/*
 * An operation on doubles gives a NaN of one sign in V8's interpreter and of the other in optimised code, and when a function is
 * optimised depends on how fast the machine is: whoever reads the bits of a NaN has a clock, and decides differently from run to run.
 * Bits are read by seeing one memory as doubles and as integers, so no strategy may get hold of the memory behind an array. The
 * getters of `buffer` are withheld (see baseline.ts); `subarray` hands the memory to whatever constructor the array names, and here to
 * that of its kind.
 */
const typedArray = Object.getPrototypeOf(Float64Array.prototype) as object;
const { apply } = Reflect;
const { max, min, trunc } = Math;

type View = Float64Array;
type ViewConstructor = new (memory: ArrayBufferLike, byteOffset: number, length: number) => View;

const bufferOf = getter<ArrayBufferLike>('buffer');
const byteOffsetOf = getter<number>('byteOffset');
const lengthOf = getter<number>('length');
const kindOf = getter<string>(Symbol.toStringTag);

const constructors = new Map<string, ViewConstructor>();
const find = Map.prototype.get;
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const made = (globalThis as unknown as Record<string, { prototype?: object } | undefined>)[name];
  if (made?.prototype !== undefined && Object.getPrototypeOf(made.prototype) === typedArray) {
    constructors.set(name, made as unknown as ViewConstructor);
  }
}

const methods = {
  subarray(this: View, begin: unknown, end: unknown): View {
    const length = lengthOf(this);
    const from = placeOf(begin, 0, length);
    const until = placeOf(end, length, length);
    const Made = apply(find, constructors, [kindOf(this)]) as ViewConstructor & { readonly BYTES_PER_ELEMENT: number };
    return new Made(bufferOf(this), byteOffsetOf(this) + from * Made.BYTES_PER_ELEMENT, until > from ? until - from : 0);
  },
};
Object.defineProperty(typedArray, 'subarray', { value: methods.subarray, writable: true, enumerable: false, configurable: true });

/** ECMAScript's relative index: from the end when it is negative, never beyond either end. */
function placeOf(index: unknown, byDefault: number, length: number): number {
  if (index === undefined) return byDefault;
  const whole = trunc(Number(index)) || 0;
  if (whole < 0) return max(whole + length, 0);
  return min(whole, length);
}

function getter<T>(name: PropertyKey): (array: View) => T {
  const get = Object.getOwnPropertyDescriptor(typedArray, name)!.get!;
  return (array) => apply(get, array, []) as T;
}
