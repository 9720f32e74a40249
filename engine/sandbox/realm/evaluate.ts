import { pow } from './pow.ts';
import { STRATEGY_FILE } from './stack-lines.ts';

interface SesCompartment {
  readonly globalThis: Record<string, unknown>;
  evaluate(code: string): unknown;
}
declare const Compartment: new (options: { __options__: true; name: string; globals: Record<string, unknown> }) => SesCompartment;
declare const harden: <T>(value: T) => T;

/**
 * Everything a strategy finds outside its own text. They are handed in as parameters because reading a free global through
 * the compartment's scope costs about 140 ns, a parameter nothing.
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
  'ArrayBuffer',
  'DataView',
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

/** Names that cannot be redefined on any global object. */
const CONSTANTS = new Set(['Infinity', 'NaN', 'undefined']);

const CONTRACT = 'ratchet/contract';

/** `Math` without chance and with our own `pow`, frozen. */
const math: object = (() => {
  const copy: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(Math)) {
    if (name !== 'random') copy[name] = (Math as unknown as Record<string, unknown>)[name];
  }
  copy.pow = pow;
  return harden(copy);
})();

/** See RealmHost.evaluate. */
export function evaluate(code: string, endowments: Record<string, unknown>): unknown {
  const { contract, ...globals } = endowments;
  const compartment = new Compartment({ __options__: true, name: 'strategy', globals: {} });
  const shared = globalThis as unknown as Record<string, unknown>;
  const intrinsics: Record<string, unknown> = {};
  for (const name of STRATEGY_GLOBALS) intrinsics[name] = name === 'Math' ? math : (compartment.globalThis[name] ?? shared[name]);

  for (const name of Object.getOwnPropertyNames(compartment.globalThis)) {
    if (!CONSTANTS.has(name)) Reflect.deleteProperty(compartment.globalThis, name);
  }
  Object.assign(compartment.globalThis, intrinsics, globals);
  harden(compartment.globalThis);

  const module = { exports: {} as unknown };
  const require = harden((name: unknown): unknown => {
    if (name !== CONTRACT) throw new TypeError(`A strategy imports '${CONTRACT}' and nothing else.`);
    return contract;
  });
  const parameters = ['require', 'module', 'exports', 'harden', ...STRATEGY_GLOBALS].join(', ');
  const wrapper = compartment.evaluate(
    `(function (${parameters}) { 'use strict'; ${code}\n})\n//# sourceURL=${STRATEGY_FILE}`,
  ) as (...values: unknown[]) => void;
  wrapper(require, module, module.exports, harden, ...STRATEGY_GLOBALS.map((name) => intrinsics[name]));
  return harden(module.exports);
}
