/**
 * The names each intrinsic has on Node 20 (V8 11.3), the oldest Node we run on. Whatever a newer one adds is removed before
 * lockdown, so that a strategy cannot tell by feature tests where it runs, and gives the same bytes everywhere.
 */
export const BASELINE: Readonly<Record<string, string>> = {
  Object:
    'assign create defineProperties defineProperty entries freeze fromEntries getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols getPrototypeOf hasOwn is isExtensible isFrozen isSealed keys preventExtensions seal setPrototypeOf values',
  'Object.prototype':
    '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf',
  'Function.prototype': 'apply arguments bind call caller constructor length name toString',
  Array: 'from isArray of',
  'Array.prototype':
    'at concat constructor copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf join keys lastIndexOf length map pop push reduce reduceRight reverse shift slice some sort splice toLocaleString toReversed toSorted toSpliced toString unshift values with',
  Number:
    'EPSILON MAX_SAFE_INTEGER MAX_VALUE MIN_SAFE_INTEGER MIN_VALUE NEGATIVE_INFINITY NaN POSITIVE_INFINITY isFinite isInteger isNaN isSafeInteger parseFloat parseInt',
  'Number.prototype': 'constructor toExponential toFixed toLocaleString toPrecision toString valueOf',
  'Boolean.prototype': 'constructor toString valueOf',
  String: 'fromCharCode fromCodePoint raw',
  'String.prototype':
    'anchor at big blink bold charAt charCodeAt codePointAt concat constructor endsWith fixed fontcolor fontsize includes indexOf isWellFormed italics lastIndexOf length link localeCompare match matchAll normalize padEnd padStart repeat replace replaceAll search slice small split startsWith strike sub substr substring sup toLocaleLowerCase toLocaleUpperCase toLowerCase toString toUpperCase toWellFormed trim trimEnd trimLeft trimRight trimStart valueOf',
  Symbol:
    'asyncIterator for hasInstance isConcatSpreadable iterator keyFor match matchAll replace search species split toPrimitive toStringTag unscopables',
  Error: 'captureStackTrace stackTraceLimit',
  'Error.prototype': 'constructor message name toString',
  JSON: 'parse stringify',
  Math: 'E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1 floor fround hypot imul log log10 log1p log2 max min pow random round sign sin sinh sqrt tan tanh trunc',
  ArrayBuffer: 'isView',
  'ArrayBuffer.prototype': 'byteLength constructor maxByteLength resizable resize slice',
  'DataView.prototype':
    'buffer byteLength byteOffset constructor getBigInt64 getBigUint64 getFloat32 getFloat64 getInt16 getInt32 getInt8 getUint16 getUint32 getUint8 setBigInt64 setBigUint64 setFloat32 setFloat64 setInt16 setInt32 setInt8 setUint16 setUint32 setUint8',
  Map: '',
  'Map.prototype': 'clear constructor delete entries forEach get has keys set size values',
  Set: '',
  'Set.prototype': 'add clear constructor delete entries forEach has keys size values',
  BigInt: 'asIntN asUintN',
  'BigInt.prototype': 'constructor toLocaleString toString valueOf',
  'WeakMap.prototype': 'constructor delete get has set',
  'WeakSet.prototype': 'add constructor delete has',
  Promise: 'all allSettled any race reject resolve',
  'Promise.prototype': 'catch constructor finally then',
  'RegExp.prototype':
    'compile constructor dotAll exec flags global hasIndices ignoreCase multiline source sticky test toString unicode unicodeSets',
  Reflect:
    'apply construct defineProperty deleteProperty get getOwnPropertyDescriptor getPrototypeOf has isExtensible ownKeys preventExtensions set setPrototypeOf',
  '%Iterator%': '',
  '%TypedArray%': 'from of',
  '%TypedArray%.prototype':
    'at buffer byteLength byteOffset constructor copyWithin entries every fill filter find findIndex findLast findLastIndex forEach includes indexOf join keys lastIndexOf map reduce reduceRight reverse set slice some sort subarray toLocaleString toReversed toSorted toString values with',
  Uint8Array: 'BYTES_PER_ELEMENT',
  'Uint8Array.prototype': 'BYTES_PER_ELEMENT constructor',
};

/**
 * Names that go as well, once SES has taken those it needs: `buffer`, through which an array would show the bits of a NaN (see
 * one-view.ts); what makes a regular expression of a text; what lists the properties nobody enumerates, whose order differs between
 * versions, and symbols, through which code is called in secret.
 */
export const WITHHELD: Readonly<Record<string, string>> = {
  '%TypedArray%.prototype': 'buffer',
  'DataView.prototype': 'buffer',
  'String.prototype': 'match matchAll search',
  Object: 'getOwnPropertyNames getOwnPropertySymbols getOwnPropertyDescriptors',
  'Object.prototype': '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__',
};
