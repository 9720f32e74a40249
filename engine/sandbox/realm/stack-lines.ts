/**
 * Under lockdown an error shows no stack. Only SES's own console may read it, so this console, installed before
 * lockdown, catches what SES's prints and keeps the position in the strategy's code.
 */
let printed = '';

const catching = (...parts: unknown[]): void => {
  for (const part of parts) if (typeof part === 'string' && printed.length < 20_000) printed += `${part}\n`;
};
const ignoring = (): void => undefined;

const METHODS =
  'debug log info warn error trace dirxml group groupCollapsed groupEnd assert timeLog clear count countReset dir table time timeEnd profile profileEnd timeStamp';
const console: Record<string, (...parts: unknown[]) => void> = {};
for (const method of METHODS.split(' ')) console[method] = ignoring;
console.error = catching;
console.log = catching;
console.info = catching;
console.debug = catching;
Object.defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true, enumerable: false });

/** The name strategies' code carries in stack traces. */
export const STRATEGY_FILE = 'strategy.artifact.js';

/** Line in the evaluated code (from 1) where the error was made, innermost frame first; undefined when no frame lies in it. */
export function artifactLine(error: unknown): number | undefined {
  printed = '';
  try {
    (globalThis as unknown as { console: { error(value: unknown): void } }).console.error(error);
  } catch {
    return undefined;
  }
  const at = printed.indexOf(`${STRATEGY_FILE}:`);
  if (at < 0) return undefined;
  const line = Number.parseInt(printed.slice(at + STRATEGY_FILE.length + 1, at + STRATEGY_FILE.length + 9), 10);
  return line > 0 ? line : undefined;
}
