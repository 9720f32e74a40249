import { LINES_COMMENT, STRATEGY_GLOBALS } from '#engine/sandbox/strategy-globals.ts';
import { pow } from './pow.ts';
import { STRATEGY_FILE } from './stack-lines.ts';

interface SesCompartment {
  readonly globalThis: Record<string, unknown>;
  evaluate(code: string): unknown;
}
declare const Compartment: new (options: { __options__: true; name: string; globals: Record<string, unknown> }) => SesCompartment;
declare const harden: <T>(value: T) => T;

/** `Object.getOwnPropertyNames`, which is withheld here. */
const namesOf = (value: object): string[] => Reflect.ownKeys(value).filter((key) => typeof key === 'string');

/** Names that cannot be redefined on any global object. */
const CONSTANTS = new Set(['Infinity', 'NaN', 'undefined']);

const CONTRACT = 'ratchet/contract';

/** `Math` without chance and with our own `pow`, frozen. */
const math: object = (() => {
  const copy: Record<string, unknown> = {};
  // In an order of our own: the platform's differs between versions.
  for (const name of namesOf(Math).sort()) {
    if (name !== 'random') copy[name] = (Math as unknown as Record<string, unknown>)[name];
  }
  copy.pow = pow;
  return harden(copy);
})();

/** Of the code evaluated last: for each of its lines the line of the source, where the artifact says. */
let sourceLines: string[] = [];

/** The line of the source behind a line of the code evaluated last. */
export function sourceLineOf(artifactLine: number | undefined): number | undefined {
  if (artifactLine === undefined || sourceLines.length === 0) return artifactLine;
  const line = Number.parseInt(sourceLines[artifactLine - 1] ?? '', 10);
  return line > 0 ? line : undefined;
}

/** See RealmHost.evaluate. */
export function evaluate(code: string, endowments: Record<string, unknown>): unknown {
  const comment = code.lastIndexOf(LINES_COMMENT);
  sourceLines =
    comment < 0
      ? []
      : code
          .slice(comment + LINES_COMMENT.length)
          .trim()
          .split(',');
  const { contract, ...globals } = endowments;
  const compartment = new Compartment({ __options__: true, name: 'strategy', globals: {} });
  const shared = globalThis as unknown as Record<string, unknown>;
  const intrinsics: Record<string, unknown> = {};
  for (const name of STRATEGY_GLOBALS) intrinsics[name] = name === 'Math' ? math : (compartment.globalThis[name] ?? shared[name]);

  for (const name of namesOf(compartment.globalThis)) {
    if (!CONSTANTS.has(name)) Reflect.deleteProperty(compartment.globalThis, name);
  }
  Object.assign(compartment.globalThis, intrinsics, globals);
  harden(compartment.globalThis);

  const exports = {};
  const module = { exports: exports as unknown };
  const require = harden((name: unknown): unknown => {
    if (name !== CONTRACT) throw new TypeError(`A strategy imports '${CONTRACT}' and nothing else.`);
    return contract;
  });
  // As parameters, because reading a free global through the compartment's scope costs about 140 ns, a parameter nothing.
  const parameters = ['require', 'module', 'exports', 'harden', ...STRATEGY_GLOBALS].join(', ');
  const wrapper = compartment.evaluate(
    // An arrow function at module level would find these arguments, and could keep something in them.
    `(function (${parameters}) { 'use strict'; Object.freeze(arguments); ${code}\n})\n//# sourceURL=${STRATEGY_FILE}`,
  ) as (...values: unknown[]) => void;
  wrapper(require, module, exports, harden, ...STRATEGY_GLOBALS.map((name) => intrinsics[name]));
  harden(exports);
  return harden(module).exports;
}
