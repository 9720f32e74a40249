import { describe, expect, it } from 'vitest';
import { buildArtifact, type Finding } from '#engine/sandbox/artifact.ts';
import { textFindings } from '#engine/sandbox/static/text-rules.ts';

const entry = 'strategy.ts';

async function findings(source: string): Promise<readonly Finding[]> {
  const verdict = await buildArtifact(new Map([[entry, source]]), entry);
  return verdict.ok ? [] : verdict.findings;
}

async function rules(source: string): Promise<string[]> {
  return [...new Set((await findings(source)).map((finding) => finding.rule.replace('sandbox/', '')))];
}

const IMPORT = `import { defineStrategy, ema } from 'ratchet/contract';\n`;
/** A strategy whose onBar has this body. */
const bar = (body: string) => `${IMPORT}export default defineStrategy({\n  onBar(context) {\n${body}\n  },\n});\n`;
/** A strategy with this at module level. */
const module = (code: string) => `${IMPORT}${code}\nexport default defineStrategy({ onBar: (context) => context.hold('x') });\n`;

describe('the static wall refuses', () => {
  describe('code made from text, and ways to its maker', () => {
    it.each([
      ['eval', bar(`return eval('1');`), 'no-global'],
      ['new Function', bar(`return new Function('return 1')();`), 'no-global'],
      ['constructor', bar(`return context.constructor('return process')();`), 'no-property'],
      ['constructor in brackets', bar(`return context['constructor'];`), 'no-property'],
      ['constructor put together', bar(`return context['con' + 'structor'];`), 'no-property'],
      ['constructor in a template', bar(`return context[\`con\${'struct'}or\`];`), 'no-property'],
      ['constructor kept in a constant', module(`const key = 'constructor';`), 'no-property'],
      ['constructor with an escape', bar(`return context.\\u0063onstructor;`), 'plain-names'],
      ['constructor with an escape in a text', bar(`return context['\\x63onstructor'];`), 'no-property'],
      ['constructor by destructuring', bar(`const { constructor: c } = context; return c;`), 'no-property'],
      ['__proto__', bar(`return context.__proto__;`), 'no-property'],
      ['a literal with __proto__', bar(`return { __proto__: context };`), 'no-property'],
      ['prototype', bar(`return Array.prototype.push;`), 'no-property'],
      ['__defineGetter__', bar(`context.__defineGetter__('x', () => 1);`), 'no-property'],
      ['Object.defineProperty', bar(`return Object.defineProperty({}, 'x', {});`), 'no-property'],
      ['Object.getPrototypeOf', bar(`return Object.getPrototypeOf(context);`), 'no-property'],
      ['Error.prepareStackTrace', bar(`Error.prepareStackTrace = (_, s) => s; return 1;`), 'no-property'],
      ['arguments.callee', bar(`return arguments.callee;`), 'no-property'],
      ['Reflect', bar(`return Reflect.ownKeys(context);`), 'no-global'],
      ['Proxy', bar(`return new Proxy({}, {});`), 'no-global'],
      ['Symbol', bar(`return Symbol.iterator;`), 'no-global'],
      ['a text with eval in it', bar(`return context.hold('eval (x)');`), 'no-code-text'],
      ['an HTML comment in a text', bar(`return context.hold('<!-- x');`), 'no-code-text'],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });
  });

  describe('the world outside', () => {
    it.each([
      ['another import', `import fs from 'node:fs';\n${bar('return 1;')}`, 'one-import'],
      ['a relative import', `import { x } from './x.ts';\n${bar('return x;')}`, 'one-import'],
      ['a bare import', `import 'ratchet/contract2';\n${bar('return 1;')}`, 'one-import'],
      ['a namespace import', `import * as c from 'ratchet/contract';\nexport default c.defineStrategy({});`, 'one-import'],
      ['a re-export', `export * from 'node:fs';\n${bar('return 1;')}`, 'one-import'],
      ['dynamic import', bar(`return import('node:fs');`), 'no-dynamic-import'],
      ['import.meta', bar(`return import.meta.url;`), 'no-meta-property'],
      ['require', bar(`return require('fs');`), 'no-global'],
      ['process', bar(`return process.env;`), 'no-global'],
      ['globalThis', bar(`return globalThis;`), 'no-global'],
      ['the console', bar(`console.log(1); return 1;`), 'unknown-global'],
      ['fetch', bar(`return fetch('http://x');`), 'no-global'],
      ['a name nobody declared', bar(`return somewhere;`), 'unknown-global'],
      ['the date', bar(`return new Date();`), 'no-global'],
      ['Date in disguise', bar(`const { now } = Date; return now();`), 'no-global'],
      ['performance', bar(`return performance.now();`), 'unknown-global'],
      ['Math.random', bar(`return Math.random();`), 'no-chance'],
      ['Math.random by destructuring', bar(`const { random } = Math; return random();`), 'no-chance'],
      ['Math["random"]', bar(`return Math['ran' + 'dom']();`), 'no-chance'],
      ['the machine’s language', bar(`return 'a'.localeCompare('b');`), 'no-property'],
      ['Intl', bar(`return new Intl.NumberFormat();`), 'no-global'],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });
  });

  describe('time that passes unseen, and what hides failures', () => {
    it.each([
      ['async', bar(`const f = async () => 1; return f();`), 'no-async'],
      ['await', `${module('')}await 1;`, 'no-async'],
      ['for await', `${IMPORT}export default defineStrategy({ async onBar(c) { for await (const x of c) { } } });`, 'no-async'],
      ['a promise', bar(`return Promise.resolve(1);`), 'no-global'],
      ['a generator', module(`function* numbers() { yield 1; }`), 'no-generator'],
      ['try', bar(`try { return 1; } catch { return 2; }`), 'no-try'],
      ['try and finally', bar(`try { return 1; } finally { context.x = 1; }`), 'no-try'],
      ['SharedArrayBuffer', bar(`return new SharedArrayBuffer(8);`), 'no-global'],
      ['Atomics', bar(`return Atomics;`), 'no-global'],
      ['WeakRef', bar(`return new WeakRef({});`), 'no-global'],
      ['a regular expression', bar(`return /(a+)+$/.test('aaaa');`), 'no-regexp'],
      ['RegExp', bar(`return new RegExp('(a+)+$');`), 'no-global'],
      ['**', bar(`return 2 ** 0.5;`), 'no-power-operator'],
      ['**=', bar(`let x = 2; x **= 3; return x;`), 'no-power-operator'],
      ['debugger', bar(`debugger; return 1;`), 'no-debugger'],
      ['a hook called then', bar(`return { then: (f) => f(1) };`), 'no-property'],
      ['a hook called toJSON', bar(`return { toJSON() { return 1; } };`), 'no-property'],
      ['a getter called valueOf', bar(`return { get valueOf() { return 1; } };`), 'no-property'],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });

    it('with', async () => {
      expect(await findings(bar(`with (context) { return hold('x'); }`))).not.toEqual([]);
    });
  });

  describe('state that outlives a bar, and effects at import', () => {
    it.each([
      ['let', module(`let count = 0;`), 'no-module-state'],
      ['var', module(`var count = 0;`), 'no-module-state'],
      [
        'an instance',
        module(`class Counter { #n = 0; next() { return this.#n++; } }\nconst counter = new Counter();`),
        'no-module-state',
      ],
      ['a typed array', module(`const scratch = new Float64Array(8);`), 'no-module-state'],
      [
        'a Map that is written',
        `${IMPORT}const seen = new Map();\nexport default defineStrategy({ onBar(c) { seen.set(1, c); } });`,
        'no-module-state',
      ],
      [
        'a Map that is passed on',
        `${IMPORT}const seen = new Map();\nconst put = (m) => m.set(1, 1);\nexport default defineStrategy({ onBar() { put(seen); } });`,
        'no-module-state',
      ],
      ['a Map with another name', module(`const seen = new Map();\nconst other = seen;`), 'no-module-state'],
      [
        'closures made by a named callback',
        module(`const make = () => { let n = 0; return () => n++; };\nconst next = [0].map(make);`),
        'no-module-state',
      ],
      [
        'closures made by Array.from',
        module(`const make = () => { let n = 0; return () => n++; };\nconst next = Array.from([1], make);`),
        'no-module-state',
      ],
      [
        'closures made by a method called map',
        module(`const o = { map: () => { let n = 0; return () => n++; } };\nconst next = o.map();`),
        'no-side-effect',
      ],
      [
        'closures made by a method of a frozen object',
        module(`const o = Object.freeze({ map: () => { let n = 0; return () => n++; } }).map();`),
        'no-side-effect',
      ],
      [
        'closures made by a method the contract gives back',
        module(`const o = defineStrategy({ map: () => () => 1 }).map();`),
        'no-side-effect',
      ],
      [
        'closures made by a getter',
        module(`const o = { get next() { let n = 0; return () => n++; } };\nconst next = o.next;`),
        'no-module-state',
      ],
      [
        'closures made by a static getter',
        module(`class O { static get next() { let n = 0; return () => n++; } }\nconst next = O.next;`),
        'no-module-state',
      ],
      [
        'closures made in a default',
        module(`const { next = (() => { let n = 0; return () => n++; })() } = {};`),
        'no-side-effect',
      ],
      [
        'closures made by a false Math',
        module(`const Math = { max: () => { let n = 0; return () => n++; } };\nconst next = Math.max();`),
        'no-shadow',
      ],
      [
        'closures made by a tag',
        module('const tag = () => { let n = 0; return () => n++; };\nconst next = tag`x`;'),
        'no-side-effect',
      ],
      [
        'a Map reached through forEach',
        `${IMPORT}const seen = new Map([[1, 1]]);\nexport default defineStrategy({ onBar() { seen.forEach((v, k, m) => m.set(2, 2)); } });`,
        'no-module-state',
      ],
      [
        'a Map with a method of its own',
        module(`const seen = new Map();\nconst put = () => { (seen as any).has = 1; };`),
        'no-module-state',
      ],
      ['a closure made at import', module(`const next = (() => { let n = 0; return () => n++; })();`), 'no-side-effect'],
      [
        'a closure made by a function',
        module(`const make = () => { let n = 0; return () => n++; };\nconst next = make();`),
        'no-side-effect',
      ],
      ['closures made by map', module(`const next = [0].map(() => { let n = 0; return () => n++; });`), 'no-module-state'],
      [
        'a static private field',
        module(`class Memory { static #n = 0; static next() { return Memory.#n++; } }`),
        'no-module-state',
      ],
      ['a static block', module(`class Memory { static { Math.max(1); } }`), 'no-static-block'],
      ['a call at import', module(`Object.freeze([]);`), 'no-side-effect'],
      ['a loop at import', module(`for (;;) {}`), 'no-side-effect'],
      ['an assignment in a constant', module(`const a = {};\nconst b = (a.x = 1);`), 'no-side-effect'],
      [
        'an import-time call in the definition',
        `${IMPORT}const make = () => (c) => c;\nexport default defineStrategy({ onBar: make() });`,
        'no-side-effect',
      ],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });
  });

  describe('knowledge of when it runs, and packed data', () => {
    it.each([
      ['a millisecond timestamp', bar(`return context.bar.time > 1672531200001;`), 'no-timestamp'],
      ['a timestamp with separators', bar(`return context.bar.time > 1_672_531_200_001;`), 'no-timestamp'],
      ['a timestamp in hexadecimal', bar(`return context.bar.time > 0x1856aa1e101;`), 'no-timestamp'],
      ['a timestamp put together', bar(`return context.bar.time > 1672531 * 1000000 + 200001;`), 'no-timestamp'],
      ['a timestamp in seconds', bar(`return context.bar.time / 1000 > 1672531201;`), 'no-timestamp'],
      ['a date', bar(`return context.hold('2023-01-01');`), 'no-timestamp'],
      ['a long list', module(`const prices = [${Array.from({ length: 65 }, (_, n) => n).join(',\n')}];`), 'no-data'],
      ['a long text', module(`const prices =\n  '${'1234567890'.repeat(20)}' +\n  '${'1234567890'.repeat(21)}';`), 'no-data'],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });
  });

  describe('what a reviewer cannot see', () => {
    it.each([
      ['a zero-width space', bar(`return context.hold('a\u200bb');`)],
      ['a bidirectional override', bar(`// \u202e\nreturn 1;`)],
      ['a bidirectional isolate', bar(`return 'a\u2066b';`)],
      ['a soft hyphen', bar(`return 'a\u00adb';`)],
      ['a no-break space', bar(`return\u00a01;`)],
      ['a line separator', bar(`// a\u2028return 2;\nreturn 1;`)],
      ['a byte order mark', `\ufeff${bar('return 1;')}`],
      ['a Hangul filler', bar(`const \u3164 = 1; return 1;`)],
      ['a blank Braille pattern', bar(`return '\u2800';`)],
      ['a variation selector', bar(`return 'a\ufe0f';`)],
      ['a tag character', bar(`return 'a\u{e0041}';`)],
      ['a NUL', bar(`return '\0';`)],
      ['a backspace', bar(`// \b\nreturn 1;`)],
      ['a lone carriage return', bar(`// \rreturn 2;\nreturn 1;`)],
      ['a private character', bar(`return '\ue000';`)],
    ])('%s', async (_name, source) => {
      expect(await rules(source)).toContain('hidden-character');
    });

    it.each([
      ['a Cyrillic letter in a name', bar(`const сlose = 1; return сlose;`)],
      ['an escape in a name', bar(`const \\u0061b = 1; return \\u0061b;`)],
      ['an escape in a private name', module(`class A { #\\u0061 = 1; }`)],
      ['a letter of another script in a property', bar(`return context.clоse;`)],
    ])('%s', async (_name, source) => {
      expect(await rules(source)).toContain('plain-names');
    });
  });

  describe('sources made to break a parser, in bounded time', () => {
    const deep = (count: number, open: string, close = '') => bar(`return ${open.repeat(count)}1${close.repeat(count)};`);
    const spread = (count: number, open: string) => `${IMPORT}export default ${`${open}\n`.repeat(count)}1;`;
    it.each([
      ['20,000 parentheses', deep(20_000, '(', ')')],
      ['thousands of parentheses on their own lines', spread(1900, '(')],
      ['20,000 brackets hidden from a counter by closing ones in texts', deep(5_000, '(")",', ')')],
      ['brackets with decoys, a line each', spread(1900, '(")",')],
      ['20,000 negations', deep(20_000, '!')],
      ['negations on their own lines', spread(1900, '!')],
      ['12 KB of arrows', deep(3_000, 'x=>')],
      ['arrows on their own lines', spread(1900, 'x=>')],
      ['arrows with defaults', spread(1900, '(x=1)=>')],
      ['nested templates', deep(3_000, '`${', '}`')],
      ['templates on their own lines', spread(1900, '`${')],
      ['conditionals', spread(1900, '1?')],
      ['conditionals to the right', spread(1900, '1?2:')],
      ['assignments', spread(1900, 'a=')],
      ['a long sum', spread(1900, '1+1+1+1+1+1+1+1+1+1+')],
      ['calls', `${IMPORT}export default a${'()\n'.repeat(1900)};`],
      ['members', `${IMPORT}export default a${'.b\n'.repeat(1900)};`],
      ['types', `${IMPORT}type T = ${'Array<\n'.repeat(1900)}1;\nexport default 1;`],
      ['generic arrows', spread(1500, '<T,>(x)=>')],
      ['if after if', bar('if (1)\n'.repeat(1900))],
      ['else if', bar(`${'if (1) {} else\n'.repeat(1900)}{}`)],
      ['labels', bar(`${'a:\n'.repeat(1900)};`)],
      ['new', spread(1900, 'new')],
      ['one name without end', bar(`${'a'.repeat(60_000)};`)],
      ['one name without end in the shortest lines that pass', bar(`${`${'a'.repeat(299)}\n`.repeat(190)}(`)],
      ['a megabyte', bar(`return '${'x'.repeat(1_000_000)}';`)],
      ['a hundred thousand lines', bar('\n'.repeat(60_000))],
    ])('%s', async (_name, source) => {
      expect((await findings(source)).length).toBeGreaterThan(0);
    });

    it('in the engine’s own process too, where the text is looked at first', async () => {
      const started = performance.now();
      for (const character of ['a', '$', ' ', '!', 'a ', '{', '"', '\t']) {
        textFindings('strategy.ts', character.repeat(65_000 / character.length));
        textFindings('strategy.ts', `${character.repeat(298 / character.length)}\n`.repeat(218));
      }
      // It is 40 s for the first of them when a rule backtracks.
      expect(performance.now() - started).toBeLessThan(20_000);
    });

    it('and goes on working after them', async () => {
      expect(await findings(bar(`return context.hold('fine');`))).toEqual([]);
    });
  });

  describe('a module of the wrong shape', () => {
    it.each([
      ['no default export', IMPORT, 'one-default-export'],
      ['two default exports', `${bar('return 1;')}export default 2;`, 'one-default-export'],
      ['a default function', `export default function strategy() {}`, 'one-default-export'],
      ['a named export', module(`export const x = 1;`), 'one-default-export'],
      ['an enum', module(`enum Side { Long }`), 'erasable-types'],
      ['a namespace', module(`namespace A { export const x = 1; }`), 'erasable-types'],
      ['a parameter property', module(`class A { constructor(private x: number) {} }`), 'erasable-types'],
      ['a decorator', module(`class A { @ema x = 1; }`), 'no-decorator'],
      ['what does not parse', 'export default {', 'syntax'],
      ['nothing', '', 'one-default-export'],
    ])('%s', async (_name, source, rule) => {
      expect(await rules(source)).toContain(rule);
    });

    it('an entry that does not exist', async () => {
      const verdict = await buildArtifact(new Map(), '../other/strategy.ts');
      expect(verdict).toMatchObject({ ok: false, findings: [{ rule: 'sandbox/entry' }] });
    });
  });

  describe('what would make it speak of other lines, or to a terminal', () => {
    it.each([
      ['an inline source map', bar('return 1;\n//# sourceMappingURL=data:application/json;base64,e30=')],
      ['a source map elsewhere', bar('return 1; /*@ sourceMappingURL=/etc/passwd */')],
      ['a name for the source', bar('return 1;\n//# sourceURL=other.ts')],
    ])('%s', async (_name, source) => {
      expect(await rules(source)).toEqual(['no-source-map']);
    });

    it('what it repeats of a source is escaped', async () => {
      const [finding] = await findings(bar(`return '2023-01-01\\u001b[2J\\u202e\\u2028';`));
      expect(finding?.message).toMatch(/^'2023-01-01\\u\{1b\}\[2J\\u\{202e\}\\u\{2028\}' names a date/);
    });
  });

  describe('what esbuild or SES would refuse later, with the line', () => {
    it.each([
      ['a name declared twice', bar('let x = 1;\nlet x = 2;\nreturn x;'), 'syntax', 5],
      ['an HTML comment', bar('let n = 3;\nreturn 1<!--n;'), 'syntax', 5],
      ['an import in a template with holes', bar(`const x = 'a';\nreturn \`\${x} import('y')\`;`), 'no-code-text', 5],
      ['a method called import', bar(`const o = {\n import(x: any) { return x; } };\nreturn o;`), 'no-code-text', 5],
      ['a method called eval', bar(`const o = {\n eval(x: any) { return x; } };\nreturn o;`), 'no-code-text', 5],
      [
        'something the contract does not have',
        `import {\n defineStrategy,\n constructor as c } from 'ratchet/contract';\nexport default defineStrategy({ c });`,
        'one-import',
        3,
      ],
      [
        'a word from the contract under a global’s name',
        `import { defineStrategy, ema as Math } from 'ratchet/contract';\nexport default defineStrategy({});`,
        'no-shadow',
        1,
      ],
      ['using', bar('using x = null;\nreturn 1;'), 'no-using', 4],
      ['a first line for a shell', `#!/bin/sh\n${bar('return 1;')}`, 'syntax', 1],
      ['a text that becomes a regular expression', bar(`return 'aaaa!'.match('(a+)+$');`), 'no-regexp', 4],
      ['the same in brackets', bar(`return 'aaaa!'['sea' + 'rch']('(a+)+$');`), 'no-regexp', 4],
      ['the memory of an array', bar(`return new DataView(new ArrayBuffer(8));`), 'no-global', 4],
      ['a property that looks like another', bar(`return context.state['сount'];`), 'plain-names', 4],
    ])('%s', async (_name, source, rule, line) => {
      expect((await findings(source)).map((finding) => [finding.rule, finding.line])).toContainEqual([`sandbox/${rule}`, line]);
    });

    it('but not methods of one’s own that are called like those of texts', async () => {
      expect(
        await findings(
          bar(`const grid = { search(x: number) { return x; }, match: (x: number) => x };\nreturn grid.search(grid.match(1));`),
        ),
      ).toEqual([]);
    });
  });

  it('and says which rule, in which file, where, and what to do', async () => {
    expect(await findings(bar('    const x = 1;\n    return eval(x);'))).toEqual([
      {
        rule: 'sandbox/no-global',
        message: "'eval' is refused: no code may be made from text.",
        file: 'strategy.ts',
        line: 5,
        column: 12,
      },
    ]);
  });
});
