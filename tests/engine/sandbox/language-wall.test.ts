import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import type { RatchetError } from '#engine/errors.ts';
import type { Json } from '#engine/sandbox/realm-api.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';
import { STRATEGY_GLOBALS } from '#engine/sandbox/strategy-globals.ts';

const program = fileURLToPath(new URL('./evaluating-program.ts', import.meta.url));

/** The static wall is switched off here: the code goes straight into the compartment. */
describe('the language wall, alone', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.start({ program, memoryMb: 128 });
  });
  afterAll(() => sandbox.close());

  async function evaluated(body: string, input: Json = null, timeoutMs = 20_000): Promise<Json> {
    if (!sandbox.isAlive) sandbox = await Sandbox.start({ program, memoryMb: 128 });
    await sandbox.call('load', `module.exports = { default: (input, arrays) => { ${body} } };`);
    return (await sandbox.call('run', input, [], { timeoutMs })).output;
  }

  async function refused(body: string, timeoutMs?: number): Promise<RatchetError> {
    return evaluated(body, null, timeoutMs).then(
      (output) => {
        throw new Error(`it ran and gave ${JSON.stringify(output)}`);
      },
      (error: RatchetError) => error,
    );
  }

  describe('leaves nothing to reach', () => {
    it.each([
      ['the function constructor', `return (() => {}).constructor('return this')();`],
      ['the constructor of a constructor', `return ({}).constructor.constructor('return process')();`],
      [
        'the constructor of a contract function',
        `return require('ratchet/contract').defineStrategy.constructor('return process')();`,
      ],
      ['the constructor of an array handed in', `return arrays.constructor.constructor('return process')();`],
      ['the async function constructor', `return (async () => {}).constructor('return process')();`],
      ['the generator constructor', `return (function* () {}).constructor('return process')();`],
      ['require of a Node module', `return require('node:fs').readdirSync('/');`],
      ['pollution of Object.prototype', `({}).__proto__.polluted = 1; return ({}).polluted;`],
      ['pollution through a literal', `Object.getPrototypeOf([]).at = () => 1; return [2].at(0);`],
      ['a changed intrinsic', `Math.max = () => 7; return Math.max(1);`],
      ['a changed JSON', `JSON.stringify = () => '{"stolen":1}'; return 1;`],
      ['a changed Array method', `Array.prototype.push = () => 7; return [].push(1);`],
      ['a global of its own', `globalThis.kept = 1; return 1;`],
      ['an undeclared assignment', `kept = 1; return 1;`],
      ['direct eval of what is not there', `return eval('process');`],
      ['arguments.callee', `return (function () { return arguments.callee; })();`],
      ['chance', `return Math.random();`],
      ['the clock', `return Date.now();`],
      ['a promise', `return Promise.resolve(1);`],
      ['shared memory', `return new SharedArrayBuffer(8);`],
      ['WebAssembly', `return new WebAssembly.Memory({ initial: 1 });`],
      ['a worker’s timer', `return setTimeout(() => {}, 0);`],
      ['a new compartment', `return new Compartment().evaluate('1');`],
    ])('%s', async (_name, body) => {
      const error = await refused(body);
      expect(error.code).toBe('sandbox/strategy-fault');
      expect(sandbox.isAlive).toBe(true);
    });

    it('no name of the host, of time, of chance or of reflection is defined', async () => {
      const names = [
        'process',
        'Date',
        'Promise',
        'Symbol',
        'Proxy',
        'Reflect',
        'eval',
        'Function',
        'console',
        'globalThis',
        'WeakRef',
        'Intl',
        'RegExp',
        'Atomics',
        'harden2',
        'lockdown',
      ];
      const types = await evaluated(`return [${names.map((name) => `typeof ${name}`).join(', ')}];`);
      expect(types).toEqual(names.map(() => 'undefined'));
    });
  });

  it('refuses dynamic import before it is evaluated', async () => {
    expect((await refused(`return import('node:fs');`)).details.message).toMatch(/import/);
  });

  it('hides the stack, and lets nobody shape it', async () => {
    expect(
      await evaluated(`return typeof Error.prepareStackTrace + String(new Error('x').stack ?? '').includes('realm.js');`),
    ).toMatch(/false$/);
    const error = await refused(
      `Error.prepareStackTrace = (_, sites) => sites[0].getThis(); return new Error('x').stack.constructor;`,
    );
    expect(error.code).toBe('sandbox/strategy-fault');
  });

  it('a caught overflow gives an error of the same realm, which leads nowhere', async () => {
    const error = await refused(`
      const dive = () => dive();
      try { dive(); } catch (caught) { return caught.constructor.constructor('return process')(); }`);
    expect(error.details.message).toMatch(/constructor/);
  });

  it('a hook on what is returned runs inside, if at all', async () => {
    expect(await evaluated(`return { toJSON: () => 'hooked' };`)).toBe('hooked');
    expect(await evaluated(`return { get value() { return 2; } };`)).toEqual({ value: 2 });
    // A `then` would make whoever awaits the answer call it: what comes back is data, never a function.
    expect(await evaluated(`return { then: (resolve) => resolve('stolen') };`)).toEqual({});
    expect((await refused(`return { toJSON() { throw new Error('no'); } };`)).details.message).toBe('Error: no');
  });

  it('cyclic, endless and unspeakable answers are faults', async () => {
    expect((await refused(`const a = {}; a.a = a; return a;`)).code).toBe('sandbox/strategy-fault');
    expect((await refused(`let a = []; for (let n = 0; n < 500; n += 1) a = [a]; return a;`)).message).toMatch(/deeper than 64/);
    expect((await refused(`return () => 1;`)).message).toMatch(/no JSON/);
    expect((await refused(`return 1n;`)).code).toBe('sandbox/strategy-fault');
  });

  it('whatever is thrown becomes one printable line', async () => {
    expect((await refused(`throw new Error('a\\nb\\u001b[31m\\u202ec')`)).details.message).toBe('Error: a b [31m c');
    expect((await refused(`throw { get message() { throw 1; } }`)).details.message).toBe(
      'It threw something that is not an Error.',
    );
    expect((await refused(`throw undefined`)).details.message).toBe('It threw undefined');
    expect(((await refused(`throw new Error('x'.repeat(1e6))`)).details.message as string).length).toBeLessThanOrEqual(500);
    expect(
      (await refused(`const e = new Error('x'); Object.defineProperty(e, 'message', { get() { throw e; } }); throw e;`)).code,
    ).toBe('sandbox/strategy-fault');
  });

  it('a fault names its line', async () => {
    const error = await refused(`\n\n  return input.missing.field;`);
    expect(error.details.line).toBe(3);
    expect(error.message).toMatch(/line 3: TypeError: Cannot read properties of null/);
  });

  it('keeps nothing of one strategy for the next', async () => {
    await evaluated(`return 1;`);
    expect(await evaluated(`return typeof kept;`)).toBe('undefined');
  });

  it('a module that throws at import is a fault, and the process lives', async () => {
    await expect(sandbox.call('load', 'throw new Error("at import")')).rejects.toMatchObject({ code: 'sandbox/strategy-fault' });
    await expect(sandbox.call('load', 'not javascript')).rejects.toMatchObject({ code: 'sandbox/strategy-fault' });
    expect(sandbox.isAlive).toBe(true);
  });

  it('has the intrinsics of the oldest Node and not one more, so that a strategy cannot tell where it runs', async () => {
    const newer = [
      'Object.groupBy',
      'Map.groupBy',
      'Array.fromAsync',
      'new Set().union',
      '[].values().map',
      'Math.f16round',
      'JSON.rawJSON',
      'Error.isError',
      '[].values().toArray',
    ];
    const types = await evaluated(`return [${newer.map((name) => `typeof ${name}`).join(', ')}];`);
    expect(types).toEqual(newer.map(() => 'undefined'));
  });

  it('every intrinsic is frozen, those included that are frozen by another way for speed', async () => {
    const names = ['Object', 'Array', 'Map', 'Set', 'String', 'Number', 'Error', 'Float64Array', 'Int8Array'];
    const frozen = await evaluated(
      `const typed = Object.getPrototypeOf(Float64Array);
       return [${names.join(', ')}, typed].flatMap((made) => [Object.isFrozen(made), Object.isFrozen(made.prototype)]).concat(Object.isFrozen(Math), Object.isFrozen(JSON));`,
    );
    expect(frozen).toEqual(new Array(22).fill(true));
  });

  it('whatever can be reached from anything, by any way, is frozen', async () => {
    const roots = `[], {}, Object(''), Object(1), Object(true), Object(1n), () => 1, class {}, async () => 1, function* () {}, async function* () {},
      (async () => 1)(), new Map(), new Set(), new Float64Array(1), new Error('x'), [].values(), new Map().entries(),
      new Set().values(), 'a'[ownKeys(String.prototype).find((key) => typeof key === 'symbol')](), (function () { return arguments; })(), input, arrays,
      require, require('ratchet/contract'), harden, ${STRATEGY_GLOBALS.join(', ')}`;
    const open = await evaluated(`
      const own = new Set([${roots}]);
      const seen = new Set();
      const open = [];
      const queue = [...own].map((value) => [value, '']);
      while (queue.length > 0) {
        const [value, path] = queue.pop();
        if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) continue;
        seen.add(value);
        if (!own.has(value) && !Object.isFrozen(value)) open.push(path);
        for (const key of ownKeys(value)) {
          const { value: held, get, set } = Object.getOwnPropertyDescriptor(value, key);
          for (const next of [held, get, set]) queue.push([next, path + '.' + String(key)]);
        }
        queue.push([Object.getPrototypeOf(value), path + '^']);
      }
      return [seen.size > 350, open.filter((path) => path !== '.prototype')];`);
    // A function of one's own has a prototype of one's own.
    expect(open).toEqual([true, []]);
  });

  it('what can be reached is the same on every Node: all its names and values, as they were on 20, 22, 24 and 26', async () => {
    const listing = (await evaluated(`
      const seen = new Set();
      const lines = [];
      const queue = [[], {}, Object(''), Object(1n), () => 1, new Error('x'), [].values(), new Map().entries(), new Set().values(), async () => 1,
        function* () {}, async function* () {}, (async () => 1)(), ${STRATEGY_GLOBALS.join(', ')}].map((value, index) => [value, String(index)]);
      while (queue.length > 0) {
        const [value, path] = queue.shift();
        if (value === null || (typeof value !== 'object' && typeof value !== 'function')) { lines.push(path + '=' + String(value)); continue; }
        if (seen.has(value)) continue;
        seen.add(value);
        for (const key of ownKeys(value)) {
          const found = Object.getOwnPropertyDescriptor(value, key);
          for (const name of Object.keys(found)) queue.push([found[name], path + '.' + String(key) + ':' + name]);
        }
        queue.push([Object.getPrototypeOf(value), path + '^']);
      }
      return lines.filter((line) => !line.includes('.name:value=')).sort();`)) as string[];
    // Names are left out: a bundler may have changed those of SES.
    expect(listing.length).toBeGreaterThan(3000);
    expect(digestOfJson(listing)).toBe('sha256:c4d68859393ae0e405eab7702f399c2cc93bd3d488c20e91045cf4f22ad589da');
  });

  it('a function shows its name and not its text', async () => {
    expect(await evaluated(`return [String(require('ratchet/contract').defineStrategy), \`\${(x) => x + 1}\`];`)).toEqual([
      'function defineStrategy() { [native code] }',
      'function () { [native code] }',
    ]);
  });

  describe('shows nobody the bits of a NaN, which tell when a function was compiled', () => {
    it.each([
      ['by the memory of an array', `return new Uint32Array(new Float64Array(2).buffer).length;`],
      ['by a memory of its own', `return new ArrayBuffer(8);`],
      ['by a view of a memory', `return new DataView(new Float64Array(1).buffer);`],
    ])('%s', async (_name, body) => {
      const answer = await evaluated(body).catch((error: RatchetError) => error.code);
      expect([0, 'sandbox/strategy-fault']).toContain(answer);
    });

    it('nor by the constructor that subarray would ask', async () => {
      const handed = await evaluated(`
        const species = ownKeys(Object.getPrototypeOf(Float64Array)).find((one) => String(one).includes('species'));
        const handed = [];
        const array = new Float64Array(4);
        const Taker = function (...given) { handed.push(...given.map((one) => Object.prototype.toString.call(one))); return new Float64Array(4); };
        Object.defineProperty(array, 'constructor', { value: { [species]: Taker } });
        array.subarray(1, 2);
        array.slice(1, 2);
        array.map((x) => x);
        array.filter(() => true);
        return handed;`);
      expect(handed).toEqual(['[object Number]', '[object Number]', '[object Number]']);
    });

    it('and subarray is the language’s own otherwise', async () => {
      const places = [undefined, 0, 1, 2, 4, 5, -1, -4, -9, 1.9, -1.9, Number.NaN, '2', null];
      const pairs = places.flatMap((begin) => places.map((end) => [begin, end] as const));
      const text = pairs.map(
        (pair) => `[${pair.map((place) => (typeof place === 'string' ? `'${place}'` : String(place))).join(', ')}]`,
      );
      const given = await evaluated(`
        const list = Int16Array.from([1, 2, 3, 4]);
        const views = [${text.join(', ')}].map(([begin, end]) => list.subarray(begin, end));
        list[1] = 9;
        return views.map((view) => [view instanceof Int16Array, view.byteOffset, ...view]);`);
      const list = Int16Array.from([1, 2, 3, 4]);
      const views = pairs.map(([begin, end]) => list.subarray(begin as number, end as number));
      list[1] = 9;
      expect(given).toEqual(views.map((view) => [true, view.byteOffset, ...view]));
    });
  });

  it('makes no regular expression of a text', async () => {
    expect(await evaluated(`return ['match', 'matchAll', 'search'].map((name) => typeof ''[name]);`)).toEqual(
      new Array(3).fill('undefined'),
    );
    expect(await evaluated(`return ['a.c'.replace('.', '-'), 'a.c'.split('.').length, 'a.c'.replaceAll('.', '')];`)).toEqual([
      'a-c',
      2,
      'ac',
    ]);
  });

  it('what the module was called with keeps nothing', async () => {
    const keeps = (what: string) => `module.exports = { default: (input) => { ${what} return 1; } };`;
    for (const what of [
      'arguments[1].kept = input;',
      'arguments[2].kept = input;',
      'arguments[0] = input;',
      'arguments.kept = input;',
    ]) {
      await sandbox.call('load', keeps(what));
      await expect(sandbox.call('run', 1)).rejects.toMatchObject({ code: 'sandbox/strategy-fault' });
    }
  });

  it('an answer of millions of values is a fault, and costs the engine nothing', async () => {
    const error = await refused(`return new Array(2e6).fill({});`);
    expect(error.message).toMatch(/more than 1500000 values/);
    expect(sandbox.isAlive).toBe(true);
  });

  it('ordinary code works', async () => {
    const output = await evaluated(
      `class Window { #items = []; add(x) { this.#items.push(x); return this; } get mean() { return this.#items.reduce((a, b) => a + b, 0) / this.#items.length; } }
       const counts = new Map([['a', 1]]);
       counts.set('b', counts.get('a') + 1);
       const { x, ...rest } = { x: 1, y: 2, z: 3 };
       const sorted = Float64Array.from([3, 1, 2]).sort();
       const text = \`\${'abc'.toUpperCase().padStart(5, '.')}\`;
       return [new Window().add(1).add(2).mean, [...counts], rest, [...sorted], new Set([1, 1]).size, text, Math.pow(2, 10), JSON.parse('[1]'), [3, 1].sort((a, b) => a - b), Math.hypot(3, 4), (5.255).toFixed(2), input?.a ?? 'none'];`,
      { a: 'given' },
    );
    expect(output).toEqual([
      1.5,
      [
        ['a', 1],
        ['b', 2],
      ],
      { y: 2, z: 3 },
      [1, 2, 3],
      1,
      '..ABC',
      1024,
      [1],
      [1, 3],
      5,
      '5.25',
      'given',
    ]);
  });

  describe('what the language cannot stop, the process does', () => {
    it.each([
      ['an endless loop', `for (;;) {}`, 'sandbox/timeout'],
      ['a loop inside a getter of what is thrown', `throw { get message() { for (;;) {} } }`, 'sandbox/strategy-fault'],
      ['a loop inside toJSON', `return { toJSON() { for (;;) {} } };`, 'sandbox/timeout'],
      ['a heap that grows', `const kept = []; for (;;) kept.push(new Array(1e5).fill(1.5));`, 'sandbox/memory'],
      ['one large array', `return new Array(3e8).fill(1.5).length;`, 'sandbox/memory'],
      ['a string that doubles', `let s = 'x'; for (;;) s += s;`, 'sandbox/strategy-fault'],
      ['endless recursion', `const dive = () => dive() + 1; return dive();`, 'sandbox/strategy-fault'],
    ])('%s', async (_name, body, code) => {
      const error = await refused(body, code === 'sandbox/timeout' ? 1_000 : undefined);
      expect(error.code).toBe(code);
      expect(sandbox.isAlive).toBe(code === 'sandbox/strategy-fault');
    });

    it('ArrayBuffers, which Node itself does not count', async () => {
      // The system refuses: the allocation fails in the strategy, or in Node beside it, whichever comes first.
      const error = await refused(`const kept = []; for (;;) kept.push(new Uint8Array(1e7).fill(1));`);
      expect(['sandbox/strategy-fault', 'sandbox/memory']).toContain(error.code);
    });
  });
});
