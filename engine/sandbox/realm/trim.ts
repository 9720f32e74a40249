import { BASELINE, WITHHELD } from './baseline.ts';

/** Own names every constructor has; the baseline does not repeat them. */
const ALWAYS = ['length', 'name', 'prototype'];

/** Globals no strategy and no sandbox program needs, or that only some Node versions have. */
const REMOVED_GLOBALS = [
  'Atomics',
  'SharedArrayBuffer',
  'WebAssembly',
  'FinalizationRegistry',
  'WeakRef',
  'Iterator',
  'AsyncDisposableStack',
  'DisposableStack',
  'SuppressedError',
  'Float16Array',
  'Temporal',
  'ShadowRealm',
  'escape',
  'unescape',
];

trim();

/** Brings the realm's intrinsics down to the baseline. Must run before SES is loaded, which remembers what it finds. */
function trim(): void {
  const realm = globalThis as unknown as Record<string, unknown>;
  for (const [path, names] of Object.entries(BASELINE)) {
    const target = intrinsic(realm, path);
    if (target === undefined) continue;
    const known = new Set(names.split(' '));
    for (const name of Object.getOwnPropertyNames(target)) {
      if (!known.has(name) && !ALWAYS.includes(name)) Reflect.deleteProperty(target, name);
    }
  }
  for (const name of REMOVED_GLOBALS) Reflect.deleteProperty(realm, name);
  // Later versions name what all iterators inherit from.
  Reflect.deleteProperty(intrinsic(realm, '%Iterator%')!, Symbol.toStringTag);
}

/** To be called when SES is loaded, before lockdown. */
export function withhold(): void {
  const realm = globalThis as unknown as Record<string, unknown>;
  for (const [path, names] of Object.entries(WITHHELD)) {
    for (const name of names.split(' ')) Reflect.deleteProperty(intrinsic(realm, path)!, name);
  }
}

function intrinsic(realm: Record<string, unknown>, path: string): object | undefined {
  if (path === '%Iterator%') return Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  if (path === '%TypedArray%') return Object.getPrototypeOf(Uint8Array);
  if (path === '%TypedArray%.prototype') return Object.getPrototypeOf(Uint8Array.prototype);
  const [name, property] = path.split('.');
  const owner = realm[name ?? ''] as Record<string, unknown> | undefined;
  return (property === undefined ? owner : owner?.[property]) as object | undefined;
}
