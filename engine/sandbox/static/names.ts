import { STRATEGY_GLOBALS } from '#engine/sandbox/strategy-globals.ts';

/** Names that stand for nothing a strategy may have, with why. Refused even as a strategy's own names: they would mislead a reader. */
export const FORBIDDEN_NAMES: Readonly<Record<string, string>> = {
  ...because('no code may be made from text', 'eval Function AsyncFunction GeneratorFunction'),
  ...because('the global object is out of reach', 'globalThis'),
  ...because('a strategy knows nothing but its contract', 'process require module exports Buffer'),
  ...because('a strategy sees no clock; the bar carries its time', 'Date Temporal Intl'),
  ...because('a strategy decides at once, on closed bars', 'Promise setTimeout setInterval setImmediate queueMicrotask'),
  ...because('a strategy has no input or output', 'fetch XMLHttpRequest WebSocket Worker'),
  ...because('reflection is refused', 'Symbol Proxy Reflect Compartment lockdown harden ShadowRealm'),
  ...because('it depends on when memory is freed', 'WeakRef WeakMap WeakSet FinalizationRegistry'),
  ...because('shared memory is a clock', 'SharedArrayBuffer Atomics WebAssembly'),
  ...because(
    'the bits of a NaN tell how far the machine has compiled; a typed array is made by its length or a list',
    'ArrayBuffer DataView',
  ),
  ...because('regular expressions can take forever; use string methods', 'RegExp'),
};

/** Property names that lead out of plain data, with why. */
export const FORBIDDEN_PROPERTIES: Readonly<Record<string, string>> = {
  ...because('it leads to the machinery behind the object', 'constructor __proto__ prototype caller callee'),
  ...because('it changes what other code sees', '__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__'),
  ...because('reflection is refused', 'getPrototypeOf setPrototypeOf defineProperty defineProperties getOwnPropertyDescriptor'),
  ...because('reflection is refused', 'getOwnPropertyDescriptors getOwnPropertySymbols getOwnPropertyNames'),
  ...because('stack traces are not data', 'captureStackTrace prepareStackTrace stackTraceLimit'),
  ...because('it is called behind your back when the value is read', 'then toJSON valueOf'),
  ...because('it depends on the machine’s language', 'localeCompare toLocaleString toLocaleUpperCase toLocaleLowerCase'),
};

/** As text these serve nothing but reaching a forbidden property by a detour. */
export const FORBIDDEN_TEXTS: ReadonlySet<string> = new Set(
  'constructor __proto__ prototype __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ prepareStackTrace'.split(
    ' ',
  ),
);

export const ALLOWED_GLOBALS: ReadonlySet<string> = new Set([...STRATEGY_GLOBALS, 'undefined', 'NaN', 'Infinity', 'arguments']);

/** Syntax by node type, with why and what instead. */
export const FORBIDDEN_SYNTAX: Readonly<Record<string, { readonly rule: string; readonly message: string }>> = {
  ImportExpression: { rule: 'no-dynamic-import', message: 'Dynamic import is refused; import from ratchet/contract at the top.' },
  MetaProperty: { rule: 'no-meta-property', message: 'import.meta and new.target are refused.' },
  AwaitExpression: { rule: 'no-async', message: 'await is refused: a strategy decides at once.' },
  YieldExpression: { rule: 'no-generator', message: 'Generators are refused: they keep hidden state. Build an array.' },
  WithStatement: { rule: 'no-with', message: 'with is refused.' },
  TryStatement: {
    rule: 'no-try',
    message: 'try is refused: what fails must fail visibly, and a caught overflow measures the machine. Test the value instead.',
  },
  DebuggerStatement: { rule: 'no-debugger', message: 'debugger is refused.' },
  StaticBlock: { rule: 'no-static-block', message: 'Static blocks run at import. Compute where the value is used.' },
  Decorator: { rule: 'no-decorator', message: 'Decorators are refused. Call the function.' },
  AccessorProperty: { rule: 'no-accessor', message: 'accessor fields are refused. Write a field.' },
  JSXElement: { rule: 'no-jsx', message: 'JSX is refused.' },
  V8IntrinsicExpression: { rule: 'no-intrinsic', message: 'Engine intrinsics are refused.' },
  TSEnumDeclaration: { rule: 'erasable-types', message: 'enum makes code of its own. Use a union of strings, or constants.' },
  TSModuleDeclaration: { rule: 'erasable-types', message: 'namespace makes code of its own. Use plain functions.' },
  TSImportEqualsDeclaration: { rule: 'erasable-types', message: 'import = is refused. Use import { … } from.' },
  TSExportAssignment: { rule: 'erasable-types', message: 'export = is refused. Use export default.' },
  TSParameterProperty: {
    rule: 'erasable-types',
    message: 'Parameter properties are refused. Assign the field in the constructor.',
  },
};

function because(why: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, why]));
}
