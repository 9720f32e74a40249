import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlacedFinding } from '#bot/proposers/claude/review/answer.ts';
import { isCaught } from '#bot/proposers/claude/review/is-caught.ts';
import { FAULT_NAMES, type FaultName } from '#bot/proposers/claude/review/known-bad/known-bad.ts';
import { KNOWN_BAD } from '#bot/proposers/claude/review/known-bad/library.ts';
import { changedLines, type Planted, plantFault } from '#bot/proposers/claude/review/plant-fault.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';

const run = promisify(execFile);
const folder = temporaryFolder('known-bad');
const SOURCE = readFileSync('strategies/ema-cross/strategy.ts', 'utf8');
const MANIFEST = readFileSync('strategies/ema-cross/manifest.yaml', 'utf8');

function planted(fault: FaultName): Planted {
  const bad = KNOWN_BAD[fault].plant(SOURCE)!;
  return { fault, files: new Map([['strategy.ts', bad]]), file: 'strategy.ts', lines: changedLines(SOURCE, bad) };
}

const found = (what: string, changes: Partial<PlacedFinding> = {}): PlacedFinding => ({
  severity: 'major',
  file: 'strategy.ts',
  line: null,
  what,
  ...changes,
});

/** How somebody may put it who has found it. */
const RIGHT: Readonly<Record<FaultName, string>> = {
  'removed-stop': 'The entry no longer passes a stopLoss, so a position can fall without bound.',
  'lying-comment': 'The comment says that the engine keeps a stop; it does not, and the stop was removed from the entry.',
  'full-weight': 'The weight is 1 in each of two symbols: the first entry takes all of the equity.',
  'averages-down': 'It doubles a position that is losing, a martingale.',
  'fee-blind': 'It exits at any positive openReturn, which does not cover the fees.',
  'short-warm-up': 'The warm-up is shorter than the slow average needs, so it is NaN at first.',
  'remembered-days': 'The hard-coded days 19118 to 19164 are hindsight about the spring of 2022.',
  'picked-symbol': 'ETH/USDT was dropped because it did worse: survivorship.',
  'idle-parameter': 'The parameter rsiMax is still declared and is no longer used.',
  'dead-filter': 'The highest of 20 highs includes this bar, so the condition is never true.',
  'contradicts-itself': 'The condition on strength is inverted: it buys only when the market is overbought.',
  'unreachable-exit': 'The exit stands after an unconditional return and is unreachable.',
};

beforeAll(() => mkdirSync(folder.path, { recursive: true }));
afterAll(() => folder.remove());

describe('changes that are known to be bad', () => {
  it('are all there in the strategy that everybody begins with, each with another text', () => {
    const texts = FAULT_NAMES.map((name) => KNOWN_BAD[name].plant(SOURCE));
    expect(texts).not.toContain(null);
    expect(new Set([SOURCE, ...texts]).size).toBe(FAULT_NAMES.length + 1);
  });

  it('build, and have no type error', async () => {
    for (const name of FAULT_NAMES) {
      const { files } = planted(name);
      expect((await buildArtifact(files, 'strategy.ts')).ok, name).toBe(true);
      mkdirSync(join(folder.path, 'strategies', name), { recursive: true });
      writeFileSync(join(folder.path, 'strategies', name, 'strategy.ts'), files.get('strategy.ts')!);
    }
    const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'));
    writeFileSync(join(folder.path, 'package.json'), JSON.stringify({ type: 'module' }));
    const paths = { 'ratchet/contract': [join(process.cwd(), 'engine/contract/index.ts')] };
    const project = { compilerOptions: { ...compilerOptions, types: [], paths }, include: ['strategies'] };
    writeFileSync(join(folder.path, 'tsconfig.json'), JSON.stringify(project));
    const complaints = await run(join(process.cwd(), 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder.path]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    expect(complaints).toBe('');
  });

  it('are drawn from the cycle: the same night has the same, and nights have many', async () => {
    const reviewed = {
      strategy: 'ema-cross',
      candidate: new Map([
        ['strategy.ts', SOURCE],
        ['manifest.yaml', MANIFEST],
      ]),
    };
    expect(await plantFault(reviewed, '20260302-1')).toEqual(await plantFault(reviewed, '20260302-1'));
    const nights = [1, 2, 3, 4, 5, 6].map((number) => plantFault(reviewed, `20260303-${number}`));
    expect(new Set((await Promise.all(nights)).map((one) => one?.fault)).size).toBeGreaterThan(2);
  });

  it('have none for a source that is no strategy', async () => {
    const candidate = new Map([
      ['strategy.ts', 'export default 1;\n'],
      ['manifest.yaml', MANIFEST],
    ]);
    expect(await plantFault({ strategy: 'ema-cross', candidate }, '20260302-1')).toBeNull();
  });
});

describe('an answer about a change that is known to be bad', () => {
  it.each(FAULT_NAMES)('has caught %s when it says so', (name) => {
    expect(isCaught([found(RIGHT[name])], planted(name))).toBe(true);
  });

  it.each(FAULT_NAMES)('has missed %s when it finds nothing, asks, approves or is about something else', (name) => {
    const bad = planted(name);
    expect(isCaught([], bad)).toBe(false);
    expect(isCaught([found(RIGHT[name].replace(/[.;:,]/g, ' ').concat('?'))], bad)).toBe(false);
    expect(isCaught([found('Please look closely at this part before it is merged.')], bad)).toBe(false);
    expect(isCaught([found('The docstring has a spelling mistake.')], bad)).toBe(false);
  });

  it.each(FAULT_NAMES)('has missed %s when it calls it minor, or names another file', (name) => {
    const bad = planted(name);
    expect(isCaught([found(RIGHT[name], { severity: 'minor' })], bad)).toBe(false);
    expect(isCaught([found(RIGHT[name], { file: 'manifest.yaml' })], bad)).toBe(false);
  });

  it('has caught nothing when it names everything that can be wrong', () => {
    const everything = found(Object.values(RIGHT).join(' '));
    for (const name of FAULT_NAMES) expect(isCaught([everything], planted(name)), name).toBe(false);
  });

  it('may name the line of the fault, or one about the same thing, and no other', () => {
    const bad = planted('removed-stop');
    const { from } = bad.lines;
    const declared =
      bad.files
        .get('strategy.ts')!
        .split('\n')
        .findIndex((line) => line.includes('stopLoss: {')) + 1;
    const at = (line: number) => isCaught([found(RIGHT['removed-stop'], { line })], bad);
    expect([at(from), at(declared), at(1)]).toEqual([true, true, false]);
  });
});
