import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { faultsOf } from '#bot/proposers/claude/author/faults.ts';
import { typeErrors } from '#bot/proposers/claude/author/type-errors.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const folder = temporaryFolder('faults');
afterAll(() => folder.remove());

const STRATEGY = readFileSync('strategies/ema-cross/strategy.ts', 'utf8');
const wrongWith = async (source: string): Promise<string> => {
  const faults = await faultsOf(new Map([['strategy.ts', source]]), 'strategy.ts');
  return faults.kind === 'looked' && faults.what !== null ? faults.what : expect.fail('Nothing is wrong with it.');
};

describe('what can be seen of a module without running it', () => {
  it.each(['strategies/ema-cross/strategy.ts', 'strategies/analysis/market.ts', 'strategies/analysis/trades.ts'])(
    'is nothing in %s, which is deployed',
    async (path) => {
      const files = new Map([['module.ts', readFileSync(path, 'utf8')]]);
      expect(await faultsOf(files, 'module.ts')).toEqual({ kind: 'looked', what: null });
    },
  );

  it('is told line by line up to twenty of a kind, and the rest is counted', async () => {
    const lines = Array.from({ length: 23 }, (_, index) => `export type Wrong${index} = Missing${index};`);
    const told = await wrongWith(`${STRATEGY}${lines.join('\n')}\n`);
    expect(told.match(/^strategy\.ts:.*\(TS2304\)$/gm)).toHaveLength(20);
    expect(told).toMatch(/Missing19[\s\S]*\nand 3 more$/);
    expect(told).not.toContain('Missing20');
  });

  it('is what TypeScript says of it under the options of the program, the place after the colon', async () => {
    const weight = STRATEGY.split('\n').findIndex((line) => line.startsWith('const weight')) + 1;
    expect(await wrongWith(STRATEGY.replace('const weight = 0.45;', 'const weight: boolean = 0.45;'))).toContain(
      `TypeScript refuses it:\nstrategy.ts:${weight}:7: Type 'number' is not assignable to type 'boolean'. (TS2322)`,
    );
  });

  it('is told of an interface that asks too much where the parts of it are', async () => {
    const told = await wrongWith(STRATEGY.replace('stopLoss: parameters.stopLoss', "stopLoss: 'near'"));
    expect(told).toMatch(/Type 'string' is not assignable to type 'number'/);
  });

  it('names no place of this machine, so that the same fault is told in the same words everywhere', async () => {
    const told = await wrongWith(
      `import type { Context } from 'ratchet/contract';\n${STRATEGY}export const held: Context = 7;\n`,
    );
    const other = await wrongWith(`${STRATEGY}export type Other = typeof import('ratchet/contract').missing;\n`);
    expect([told, other].join()).toMatch(/TS2322[\s\S]*TS\d{4}/);
    expect([told, other].join()).not.toMatch(new RegExp(`${process.cwd()}|${tmpdir()}`));
  });

  it('is not hushed by a comment', async () => {
    expect(await wrongWith(STRATEGY.replace('const weight', '// @ts-expect-error\nconst weight'))).toMatch(
      /strategy\.ts:4:4: .*refused.*\(types\/quiet\)/,
    );
  });

  it.each([
    ['a type that is imported', (path: string) => `export type Shown = import('${path}').Secret;`],
    ['an export of a type', (path: string) => `export type { Secret } from '${path}';`],
    ['a reference', (path: string) => `/// <reference path="${path}" />`],
  ])('shows nothing of another file that it refers to by %s', async (_what, refer) => {
    const path = join(folder.path, 'secret.ts');
    writeFileSync(path, "export type Secret = 'hunter2';\nconst broken: Secret = 'hunter3';\n");
    const told = await wrongWith(`${refer(path)}\n${STRATEGY}export const leak: import('${path}').Secret = 7;\n`);
    expect(told).toContain('types/one-import');
    expect(told).not.toContain('hunter');
  });

  it('is unknown where TypeScript is missing or ends without a verdict, and that is never taken for nothing', async () => {
    const silent = join(folder.path, 'silent.cjs');
    writeFileSync(silent, '');
    const sound = new Map([['strategy.ts', STRATEGY]]);
    for (const compiler of [null, silent]) {
      const blind: typeof typeErrors = (file, source) => typeErrors(file, source, compiler);
      expect(await faultsOf(sound, 'strategy.ts', blind)).toEqual({
        kind: 'nothing',
        reason: expect.stringMatching(/could not be checked: TypeScript (?:is not installed|ended without a verdict)/),
      });
      // A rule that is broken is broken nevertheless.
      const broken = new Map([['strategy.ts', STRATEGY.replace('onBar(context) {', "onBar(context) {\n    fetch('x');")]]);
      expect(await faultsOf(broken, 'strategy.ts', blind)).toMatchObject({
        kind: 'looked',
        what: expect.stringContaining('fetch'),
      });
    }
  });

  it('is not asked of a parser that a text may break: what is too deep is refused for that alone', async () => {
    const told = await wrongWith(`${STRATEGY}export type Deep = ${'['.repeat(60)}${']'.repeat(60)};\n`);
    expect(told).toContain('sandbox/nesting');
    expect(told).not.toContain('TypeScript');
  });
});
