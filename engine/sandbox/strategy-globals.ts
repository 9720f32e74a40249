/**
 * Everything a strategy finds outside its own text and its contract, in the compartment and by the static rules. ArrayBuffer and
 * DataView are not among them: two views of one memory show the bits of a NaN, and with them when V8 has compiled a function.
 */
export const STRATEGY_GLOBALS = [
  'Object',
  'Array',
  'Number',
  'String',
  'Boolean',
  'BigInt',
  'Map',
  'Set',
  'JSON',
  'Math',
  'Error',
  'TypeError',
  'RangeError',
  'Float64Array',
  'Float32Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Uint16Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'isFinite',
  'isNaN',
  'parseFloat',
  'parseInt',
] as const;

/** Begins the artifact's last line: for each line of its code the line of the source it came from, comma-separated. */
export const LINES_COMMENT = '//# ratchet-lines=';
