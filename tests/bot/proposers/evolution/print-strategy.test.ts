import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { blueprintWith, everyBlueprint } from './every-blueprint.ts';

const run = promisify(execFile);
const root = process.cwd();

describe('printing a strategy', () => {
  it('names no reading, indicator or parameter that the blocks do not use', () => {
    for (const blueprint of everyBlueprint()) {
      const source = printStrategy(blueprint);
      const body = source.slice(source.indexOf('onBar('));
      const indicators = source.slice(source.indexOf('indicators: ('), source.indexOf('onBar('));
      for (const [, name] of indicators.matchAll(/^ {4}(\w+):/gm)) expect(body).toContain(`indicators.${name}`);
      const declared = source.slice(source.indexOf('parameters: {'), source.indexOf('warmupBars'));
      for (const [, name] of declared.matchAll(/^ {4}(\w+):/gm)) expect(indicators + body).toContain(`parameters.${name}`);
    }
  });

  it('gives different blueprints different sources', () => {
    const blueprints = everyBlueprint();
    expect(new Set(blueprints.map(printStrategy)).size).toBe(blueprints.length);
  });

  it('shares the equity equally between the symbols', () => {
    expect(printStrategy(blueprintWith({ symbols: ['BTC/USDT'] }))).toContain('context.target(1, ');
    expect(printStrategy(blueprintWith())).toContain('context.target(0.5, ');
    expect(printStrategy(blueprintWith({ symbols: ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'] }))).toContain('context.target(1 / 3, ');
  });

  it('passes the static check and the bundler of the sandbox', async () => {
    for (const blueprint of everyBlueprint().filter((_, index) => index % 8 === 0)) {
      const verdict = await buildArtifact(new Map([['strategy.ts', printStrategy(blueprint)]]), 'strategy.ts');
      expect(verdict).toMatchObject({ ok: true });
    }
  });
});

describe('every printed combination of blocks, as files', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ratchet-print-'));
    const many = Array.from({ length: 20 }, (_, index) => `COIN${index}/USDT`);
    const blueprints = [...everyBlueprint(), blueprintWith({ symbols: ['BTC/USDT'] }), blueprintWith({ symbols: many })];
    for (const [index, blueprint] of blueprints.entries()) {
      const strategy = join(folder, 'strategies', `s${index}`);
      await mkdir(strategy, { recursive: true });
      await writeFile(join(strategy, 'strategy.ts'), printStrategy(blueprint));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is as the house formats and lints it', async () => {
    const { vcs: _, ...biome } = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'));
    await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...biome, $schema: undefined }));
    const { stderr, stdout } = await run(join(root, 'node_modules/.bin/biome'), ['check', '--error-on-warnings', 'strategies'], {
      cwd: folder,
    });
    expect(stdout + stderr).toContain('Checked 130 files');
  });

  it('has no type error', async () => {
    const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          ...compilerOptions,
          types: [],
          paths: { 'ratchet/contract': [join(root, 'engine/contract/index.ts')] },
        },
        include: ['strategies'],
      }),
    );
    const complaints = await run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    expect(complaints).toBe('');
  });
});
