import type { Json, RealmProgram } from '#engine/sandbox/realm-api.ts';

const indirectEval = (globalThis as unknown as Record<string, (code: string) => unknown>)[['ev', 'al'].join('')]!;

/** What code would do that has left the compartment and owns the whole realm: each attempt says what it got hold of. */
const attempts: Record<string, (arrays: Float64Array[]) => unknown> = {
  'the global process': () => (globalThis as { process?: unknown }).process,
  'process by the realm’s Function': () => Function('return typeof process')(),
  'process by indirect eval': () => indirectEval('typeof process'),
  'require by indirect eval': () => indirectEval('typeof require'),
  'process by the constructor of an array handed in': ([array]) => array!.constructor.constructor('return typeof process')(),
  'process by the buffer of an array handed in': ([array]) => array!.buffer.constructor.constructor('return typeof process')(),
  'process by the prototype of an array handed in': ([array]) =>
    Object.getPrototypeOf(Object.getPrototypeOf(array)).constructor.constructor('return typeof process')(),
  'process by a thrown error': () => {
    try {
      new Float64Array(-1);
    } catch (error) {
      return (error as Error).constructor.constructor('return typeof process')();
    }
  },
  'process by an overflow': () => {
    const dive = (): number => dive() + 1;
    try {
      return dive();
    } catch (error) {
      return (error as Error).constructor.constructor('return typeof process')();
    }
  },
  'a frame of the stack that belongs to the host': () => {
    let found: unknown = 'undefined';
    const OriginalError = Error as unknown as { prepareStackTrace: unknown };
    OriginalError.prepareStackTrace = (_error: unknown, sites: { getFunction?(): unknown; getThis?(): unknown }[]) => {
      for (const site of sites) {
        const value = site.getFunction?.() ?? site.getThis?.();
        if (value !== undefined && value !== globalThis && typeof value !== 'string') found = typeof value;
      }
      return '';
    };
    void new Error('x').stack;
    OriginalError.prepareStackTrace = undefined;
    return found;
  },
  'process by the console': () => {
    const { console } = globalThis as unknown as {
      console: { log: { constructor: { constructor(code: string): () => unknown } } };
    };
    return console.log.constructor.constructor('return typeof process')();
  },
  WebAssembly: () => (globalThis as { WebAssembly?: unknown }).WebAssembly,
  'a worker': () => (globalThis as { Worker?: unknown }).Worker,
  fetch: () => (globalThis as { fetch?: unknown }).fetch,
  'a timer': () => (globalThis as { setTimeout?: unknown }).setTimeout,
  Buffer: () => (globalThis as { Buffer?: unknown }).Buffer,
};

let isMicrotaskRun = false;

const program: RealmProgram = () => ({
  attack: (_input, arrays) => {
    const outcome: Record<string, Json> = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        outcome[name] = String(attempt(arrays));
      } catch (error) {
        outcome[name] = `refused: ${String(error).slice(0, 60)}`;
      }
    }
    return { output: outcome };
  },
  schedule: () => {
    void Promise.resolve().then(() => {
      isMicrotaskRun = true;
    });
    return { output: null };
  },
  scheduled: () => ({ output: isMicrotaskRun }),
  // An array that lies about its memory, and one that is none.
  forge: (input) => {
    const array = new Float64Array(2);
    if (input === 'length') Object.defineProperty(array, 'byteLength', { value: 1e6 });
    if (input === 'buffer') Object.defineProperty(array, 'buffer', { value: new ArrayBuffer(1e6) });
    return { output: null, arrays: input === 'kind' ? [{ length: 2 } as unknown as Float64Array] : [array] };
  },
});

export default program;
