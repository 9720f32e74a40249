import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import type { Json } from '#engine/sandbox/realm-api.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';

const program = fileURLToPath(new URL('./evaluating-program.ts', import.meta.url));

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start({ program });
});
afterAll(() => sandbox.close());

/** A strategy with these lines at module level, from line 2 on, and this body of `onBar`. */
const strategy = (lines: string, body: string) =>
  `import { defineStrategy, ema } from 'ratchet/contract';\n${lines}\nexport default defineStrategy(((context: any) => {\n${body}\n}) as never);\n`;

/** What three bars give; or, when a wall stands in the way, the rule and line it names. */
async function threeBars(source: string): Promise<Json[] | string> {
  const verdict = await buildArtifact(new Map([['strategy.ts', source]]), 'strategy.ts');
  if (!verdict.ok) return `${verdict.findings[0]!.rule}:${verdict.findings[0]!.line}`;
  try {
    await sandbox.call('load', verdict.artifact.code);
    const outputs: Json[] = [];
    for (let bar = 0; bar < 3; bar += 1) outputs.push((await sandbox.call('run', bar)).output);
    return outputs;
  } catch (error) {
    const { code, details } = error as { code: string; details: { line?: number } };
    return `${code}:${details.line}`;
  }
}

const MAKE = 'const make = () => { let n = 0; return () => ++n; };';

describe('what a function could keep from bar to bar', () => {
  describe('in what stands at module level', () => {
    it.each([
      [
        'the name of a function',
        'function kept() { return 0; }',
        'const n = kept(); (kept as any) = () => n + 1; return n;',
        'no-module-state:4',
      ],
      [
        'the name of a class',
        'class Kept { static n = 0; }',
        'const { n } = Kept; (Kept as any) = { n: n + 1 }; return n;',
        'no-module-state:4',
      ],
      ['a name written by destructuring', 'function kept() {}', '[(kept as any)] = [() => 1]; return 1;', 'no-module-state:4'],
      ['a name written by a loop', 'function kept() {}', 'for ((kept as any) of [1, 2]); return 1;', 'no-module-state:4'],
      [
        'a name written in a default',
        'function kept() {}',
        'const f = (a = ((kept as any) = 5)) => { var kept = a; return kept; }; return f();',
        'no-module-state:4',
      ],
      ['an import', '', '(ema as any) = 1; return 1;', 'no-module-state:4'],
      [
        'the arguments of the module',
        '',
        'const all = arguments as any; return (all[1].n = (all[1].n ?? 0) + 1);',
        'no-module-state:4',
      ],
      [
        'a static private field',
        'class A { static #n = 0; static next() { return ++A.#n; } }',
        'return A.next();',
        'no-module-state:2',
      ],
      [
        'a private field stamped on what is frozen',
        'const KEY = {};\nclass Given { constructor(o: any) { return o; } }\nclass Mark extends Given { #n = 0; static next(o: any) { if (!(#n in o)) new Mark(o); return ++o.#n; } }',
        'return Mark.next(KEY);',
        'no-constructor-return:3',
      ],
      [
        'the same by a function as the parent class',
        'const KEY = {};\nfunction Given(o: any) { return o; }\nclass Mark extends (Given as any) { #n = 0; static next(o: any) { if (!(#n in o)) new Mark(o); return ++o.#n; } }',
        'return Mark.next(KEY);',
        'plain-class:4',
      ],
      [
        'the same by a bound function',
        'class Given {}\nconst Bound = Given;\nclass Mark extends Bound { #n = 0; }',
        'return 1;',
        'plain-class:4',
      ],
      [
        'the same by a mixin',
        'const mark = (base: any) => class extends base { #n = 0; };',
        'return typeof mark;',
        'plain-class:2',
      ],
    ])('%s', async (_name, lines, body, expected) => {
      expect(await threeBars(strategy(lines, body))).toBe(`sandbox/${expected}`);
    });

    it.each([
      [
        'a list made as the default of a pattern',
        'const { kept = [] as number[] } = {} as any;',
        'kept.push(1); return kept.length;',
      ],
      ['the rest of an object', 'const { a, ...kept } = { a: 1, n: 0 } as any;', 'return (kept.n += 1);'],
      ['the rest of a list', 'const [...kept] = [0];', 'return (kept[0]! += 1);'],
      ['an object behind a comma', 'const kept = (1, { n: 0 });', 'return (kept.n += 1);'],
      ['an object in a condition', 'const kept = NaN > 1 ? null : { n: 0 };', 'return (kept!.n += 1);'],
      ['a list that map made', 'const [kept] = [0].map((n) => [n]);', 'return (kept![0]! += 1);'],
      ['a list in a chain', 'const kept = [[0]]?.map((list) => list)?.[0];', 'return (kept![0]! += 1);'],
      ['an object that JSON made', `const kept = JSON.parse('{"n":0}');`, 'return (kept.n += 1);'],
      ['a property of a function', 'const kept = () => 1;', 'return ((kept as any).n = 1);'],
      ['a property of a method', 'class A { m() { return 1; } }', 'const a = new A(); return ((a.m as any).n = 1);'],
    ])('%s', async (_name, lines, body) => {
      expect(await threeBars(strategy(lines, body))).toBe('sandbox/strategy-fault:4');
    });
  });

  describe('in a variable of a function that is made at import', () => {
    it.each([
      ['by a callback that calls', `${MAKE}\nconst next = [0].map(() => make());`, 'no-side-effect:3'],
      [
        'by a callback that calls what hides behind the contract’s name',
        `${MAKE}\nconst next = [make].map((ema) => ema());`,
        'no-side-effect:3',
      ],
      [
        'by a callback that calls what hides behind a list’s name',
        `${MAKE}\nconst LIST = [1];\nconst next = [{ map: make }].map((LIST) => LIST.map());`,
        'no-side-effect:4',
      ],
      [
        'by a callback’s parameter that was a text',
        `${MAKE}\nconst next = ['a'].map((x: any) => { x = { trim: make }; return x.trim(); });`,
        'no-side-effect:3',
      ],
      [
        'by a name declared again in a callback',
        `${MAKE}\nconst next = ['a'].map((x: any) => { { const x: any = { trim: make }; return x.trim(); } });`,
        'no-side-effect:3',
      ],
      [
        'by a callback that is no argument yet',
        `${MAKE}\nconst next = Array.from(...([[1], make] as any));`,
        'no-module-state:3',
      ],
      ['by a reviver', `${MAKE}\nconst next = JSON.parse('[1]', function () { return this; });`, 'no-side-effect:3'],
      [
        'by a getter of a class',
        `class A { get next() { let n = 0; return () => ++n; } }\nconst next = (A as any)[['proto', 'type'].join('')].next;`,
        'no-side-effect:3',
      ],
      [
        'by a getter of a class, with a key from a pattern',
        `class A { get next() { let n = 0; return () => ++n; } }\nconst { [['proto', 'type'].join('')]: { next } } = A as any;`,
        'no-side-effect:3',
      ],
      [
        'by a getter of a class handed on',
        `class A { get n() { return () => 1; } }\nconst KEY = ['proto', 'type'].join('');\nconst next = [A].map((c: any) => c[KEY].n);`,
        'no-side-effect:4',
      ],
      [
        'by a static field that refers to the class',
        `class A { static m() { let n = 0; (A as any).next = () => ++n; return ''; }\n static x = \`\${{ toString: A.m }}\`; }`,
        'no-side-effect:3',
      ],
      [
        'by a static field that says this',
        `class A { static toString() { let n = 0; (A as any).next = () => ++n; return ''; }\n static x = \`\${this}\`; }`,
        'no-side-effect:3',
      ],
      [
        'by a function beside others in a static field',
        `class A { static next: any;\n static x = \`\${{ toString() { (A as any).next = () => 1; return ''; } }}\`; }`,
        'no-module-state:3',
      ],
      [
        'by a class in a static field',
        `class A { static m() { return ''; }\n static B = class { static y = \`\${{ toString: A.m }}\`; }; }`,
        'no-module-state:3',
      ],
      [
        'by a callback that changes what it is given',
        'const list = [{ n: 0 }].map((o) => { o.n = 1; return o; });',
        'no-side-effect:2',
      ],
      [
        'by the rest of an object in a callback',
        `${MAKE}\nconst list = [{ toString: make }].map(({ ...o }) => [o, \`\${o}\`]);`,
        'no-side-effect:3',
      ],
      ['by a deleted property', 'const gone = delete (ema as any).name;', 'no-side-effect:2'],
    ])('%s', async (_name, lines, expected) => {
      expect(await threeBars(strategy(lines, 'return 1;'))).toBe(`sandbox/${expected}`);
    });

    it('by a conversion: what it could keep the function in is frozen already', async () => {
      const hook = `toString() { let n = 0; this.next = () => ++n; return ''; }`;
      const inPlace = `const [[KEPT]] = [{ next: null as any, ${hook} }].map((o) => [o, \`\${o}\`]) as any;`;
      expect(await threeBars(strategy(inPlace, 'return KEPT.next();'))).toBe('sandbox/strategy-fault:2');
      const byEntries = `const M = { ${hook} } as any;\nconst KEPT = [0].map(() => Object.fromEntries([['toString', M.toString]])).map((o) => (\`\${o}\`, o));`;
      expect(await threeBars(strategy(byEntries, 'return (KEPT[0] as any).next();'))).toBe('sandbox/strategy-fault:2');
      const onFunction = `const HOOK = { toString() { let n = 0; (kept as any).next = () => ++n; return ''; } };\nfunction kept() {}\nconst text = \`\${HOOK}\`;`;
      expect(await threeBars(strategy(onFunction, 'return [text, (kept as any).next()];'))).toBe('sandbox/strategy-fault:2');
      const onEarlier = `const kept = () => 1, text = \`\${{ toString() { let n = 0; (kept as any).next = () => ++n; return ''; } }}\`;`;
      expect(await threeBars(strategy(onEarlier, 'return [text, (kept as any).next()];'))).toBe('sandbox/strategy-fault:2');
    });
  });
});

describe('what ordinary modules do at import passes', () => {
  it('a table made of itself fails when it is loaded, and costs the checker nothing', async () => {
    const lines =
      'const A: any = B.map((x: any) => x.trim()).map((x: any) => x.trim());\nconst B: any = A.map((x: any) => x).filter((x: any) => x);';
    expect(await threeBars(strategy(lines, 'return 1;'))).toMatch(/^sandbox\/(no-side-effect|strategy-fault):2$/);
  });

  it('tables made by callbacks, statics, classes that extend, names used again in functions', async () => {
    const lines = `
const LEVELS = [1, 2, 3].map((level, index, all) => level * index + all.length);
const NAMES = ['fast', 'slow'].map((name) => name.toUpperCase().padEnd(6, '.'));
const INDEX = Object.fromEntries(NAMES.map((name, index) => [name.trim().toLowerCase(), index]));
const LAST = LEVELS[LEVELS.length - 1];
const ROWS = [[1, 2], [3, 4]].map((row, index) => row[index]! * LEVELS[index]!);
const SUM = LEVELS.reduce((sum, level) => { let next = sum; next += level; return next; }, 0);
const STEPS = Array.from({ length: 3 }, (_, index) => (index + 1) / 10);
const WORDS = 'a b c'.split(' ').filter((word) => word.startsWith('b') || word === 'c').join('-');
const PARSED = JSON.parse('{"a":[1]}');
const KEYS = Object.keys({ a: 1, b: 2 }).map((key) => key + '!');
const PICK = { up: (x: number) => x + 1, down: (x: number) => x - 1 };
const [FIRST, ...OTHERS] = LEVELS;
const { up, ...rest } = PICK;
const RATIO = (Number('1.50').toFixed(1), Number.parseFloat('2.5'));
function weight(x: number) { return x * 2; }
class Base { kind = 'base'; static readonly FAST = 9; static readonly SLOW = Base.FAST * 2; static twice = (x: number) => x * 2; }
class Derived extends Base { constructor(readonly: number) { super(); if (readonly > 9) return; this.kind = 'derived' + readonly; } }
class Missing extends Error { override name = 'Missing'; }
const Local = class Inner extends Base { deep() { return super.kind ?? this.kind; } };
`.trim();
    const body = `
      let weight = 1;
      weight += 1;
      const count = function () { return arguments.length; };
      const kept = { items: [] as number[], push(x: number) { this.items.push(x); return this; } };
      class Own { constructor() { (this as any).n = 1; } }
      for (let up = 0; up < 2; up += 1) weight += up;
      const down = (LAST: number) => { LAST += 1; return LAST; };
      switch (weight) { case 3: { let ROWS = 1; ROWS += 1; weight += ROWS; } }
      return { LEVELS, NAMES, INDEX, LAST, ROWS, SUM, STEPS, WORDS, PARSED, KEYS, FIRST, OTHERS, RATIO, weight, twice: Base.twice(4),
        pick: [PICK.down(1), up(1), Object.keys(rest)], count: (count as any)(1, 2), kept: kept.push(1).items, own: new Own(), down: down(1),
        derived: [new Derived(1).kind, new Derived(10).kind, Derived.SLOW, new Missing('x').name, new Local().deep()] };`;
    const expected = {
      LEVELS: [3, 5, 9],
      NAMES: ['FAST..', 'SLOW..'],
      INDEX: { 'fast..': 0, 'slow..': 1 },
      LAST: 9,
      ROWS: [3, 20],
      SUM: 17,
      STEPS: [0.1, 0.2, 0.3],
      WORDS: 'b-c',
      PARSED: { a: [1] },
      KEYS: ['a!', 'b!'],
      FIRST: 3,
      OTHERS: [5, 9],
      RATIO: 2.5,
      weight: 5,
      twice: 8,
      pick: [0, 2, ['down']],
      count: 2,
      kept: [1],
      own: { n: 1 },
      down: 2,
      derived: ['derived1', 'base', 18, 'Missing', 'base'],
    };
    expect(await threeBars(strategy(lines, body))).toEqual([expected, expected, expected]);
  });

  it('a function that stands below what uses it, and functions keep their names', async () => {
    const lines = `const table = { later };\nconst arrow = () => 1;\nconst Made = class {};`;
    const below = `${strategy(lines, 'return [table.later(), later.name, arrow.name, Made.name];')}function later() { return 'later'; }\n`;
    expect(await threeBars(below)).toEqual(new Array(3).fill(['later', 'later', 'arrow', 'Made']));
  });
});
