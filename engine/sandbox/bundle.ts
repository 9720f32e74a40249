import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { RatchetError } from '#engine/errors.ts';

const START = fileURLToPath(new URL('./realm/start.ts', import.meta.url));
const CHILD = fileURLToPath(new URL('./child/main.ts', import.meta.url));

const CHECKER = fileURLToPath(new URL('./static/checker.ts', import.meta.url));

const bundles = new Map<string, Promise<string>>();

/**
 * A sandbox program with SES and lockdown around it, as one script whose value is the realm's port. Bundled once per process;
 * not kept on disk, where someone else could change what the sandbox itself is made of.
 */
export function realmBundle(program: string): Promise<string> {
  return memoised(`realm:${program}`, async () => {
    const entry = `import { startRealm } from ${JSON.stringify(START)};
import program from ${JSON.stringify(program)};
export const port = startRealm(program);`;
    const text = await bundled({
      stdin: { contents: entry, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
    });
    return `(() => { 'use strict'; ${text}\nreturn realm.port; })()`;
  });
}

/** The child's own program, for `node -e`. */
export function childBundle(): Promise<string> {
  return memoised('child', () => bundled({ entryPoints: [CHILD] }));
}

/** The static wall's program; parser and esbuild are taken from node_modules when it runs. */
export function checkerBundle(): Promise<string> {
  return nodeBundle(CHECKER);
}

/** A program of ours for `node -e`, started in a folder below the packages, which it takes from node_modules when it runs. */
export function nodeBundle(program: string): Promise<string> {
  return memoised(`node:${program}`, () => bundled({ entryPoints: [program], packages: 'external' }));
}

function memoised(key: string, make: () => Promise<string>): Promise<string> {
  const known = bundles.get(key);
  if (known !== undefined) return known;
  const made = make();
  bundles.set(key, made);
  made.catch(() => bundles.delete(key));
  return made;
}

async function bundled(input: Parameters<typeof build>[0]): Promise<string> {
  const isChild = input?.entryPoints !== undefined;
  try {
    const result = await build({
      ...input,
      bundle: true,
      write: false,
      platform: isChild ? 'node' : 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['import'],
      format: isChild ? 'cjs' : 'iife',
      globalName: isChild ? undefined : 'realm',
      target: 'node20',
      legalComments: 'none',
      minifyWhitespace: true,
      // A field that is defined before it is assigned holds undefined first, and V8 then keeps its numbers on the heap for ever.
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      logLevel: 'silent',
    });
    return result.outputFiles![0]!.text;
  } catch (cause) {
    throw new RatchetError(
      'sandbox/program',
      `The sandbox program cannot be bundled: ${cause instanceof Error ? cause.message.slice(0, 500) : String(cause)}`,
      'A sandbox program imports no Node module: look at what it imports.',
      {},
      cause,
    );
  }
}
