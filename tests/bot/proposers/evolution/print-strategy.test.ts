import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describe as describeBlueprint } from '#bot/proposers/evolution/describe.ts';
import { printDesign } from '#bot/proposers/evolution/design.ts';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { blueprintWith, everyBlueprint } from './every-blueprint.ts';
import { grownPlans } from './grammar/grown-plans.ts';

const run = promisify(execFile);
const root = process.cwd();

describe('printing a strategy', () => {
  it('declares no indicator and no parameter that is not used', () => {
    for (const blueprint of everyBlueprint()) {
      const source = printStrategy(blueprint);
      const [, parameters, , indicators, body] = source.split(/^ {2}(?=parameters:|warmupBars:|indicators:|onBar)/m);
      for (const [, name] of indicators!.matchAll(/^ {4}(\w+):/gm)) expect(body).toMatch(new RegExp(`\\b${name}\\b[.)]`));
      for (const [, name] of parameters!.matchAll(/^ {4}(\w+):/gm)) {
        expect(indicators!.includes(`(${name}`) || body!.includes(`parameters.${name}`), name).toBe(true);
      }
    }
  });

  it('gives different blueprints different sources', () => {
    const blueprints = everyBlueprint();
    expect(new Set(blueprints.map(printStrategy)).size).toBe(blueprints.length);
  });

  it('shares the equity equally between the symbols and keeps something back for costs', () => {
    expect(printStrategy(blueprintWith({ symbols: ['BTC/USDT'] }))).toContain('const weight = 0.9;');
    expect(printStrategy(blueprintWith())).toContain('const weight = 0.3;');
    expect(printStrategy(blueprintWith({ symbols: ['A/B', 'C/B', 'D/B', 'E/B', 'F/B', 'G/B', 'H/B'] }))).toContain(
      'weight = 0.12;',
    );
  });

  it('is described in the space a manifest gives', () => {
    for (const blueprint of everyBlueprint()) expect(describeBlueprint(blueprint).length).toBeLessThanOrEqual(300);
  });

  it('passes the static check and the bundler of the sandbox', async () => {
    for (const blueprint of everyBlueprint().filter((_, index) => index % 8 === 0)) {
      const verdict = await buildArtifact(new Map([['strategy.ts', printStrategy(blueprint)]]), 'strategy.ts');
      expect(verdict).toMatchObject({ ok: true });
    }
  });
});

describe('printing a tree', () => {
  const plans = grownPlans(200, 7).map(({ plan }) => plan);

  it('declares no indicator, no parameter and no constant that is not used', () => {
    for (const plan of plans) {
      const source = printDesign(plan);
      const [, parameters, , indicators, body] = source.split(/^ {2}(?=parameters:|warmupBars:|indicators:|onBar)/m);
      for (const [, name] of indicators!.matchAll(/^ {4}(\w+): \w+\(/gm)) expect(body).toMatch(new RegExp(`\\b${name}\\b[.)]`));
      for (const [, name] of parameters!.matchAll(/^ {4}(\w+):/gm)) {
        expect(new RegExp(`\\(${name}\\b`).test(indicators!) || body!.includes(`parameters.${name}`), name).toBe(true);
      }
      for (const [, name] of body!.matchAll(/const (\w+) =/g))
        expect(body!.split(new RegExp(`\\b${name}\\b`)).length).toBeGreaterThan(2);
    }
  });

  it('passes the static check and the bundler of the sandbox', async () => {
    for (const plan of plans.slice(0, 12)) {
      const verdict = await buildArtifact(new Map([['strategy.ts', printDesign(plan)]]), 'strategy.ts');
      expect(verdict).toMatchObject({ ok: true });
    }
  });
});

describe('every printed combination of blocks, and many trees, as files', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ratchet-print-'));
    const many = Array.from({ length: 20 }, (_, index) => `COIN${index}/USDT`);
    const blueprints = [...everyBlueprint(), blueprintWith({ symbols: ['BTC/USDT'] }), blueprintWith({ symbols: many })];
    const designs = [...blueprints, ...grownPlans(200, 8).map(({ plan }) => plan)];
    for (const [index, blueprint] of designs.entries()) {
      const strategy = join(folder, 'strategies', `s${index}`);
      await mkdir(strategy, { recursive: true });
      await writeFile(join(strategy, 'strategy.ts'), printDesign(blueprint));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is as the house formats and lints it', async () => {
    const { vcs: _, ...biome } = JSON.parse(await readFile(join(root, 'biome.json'), 'utf8'));
    await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...biome, $schema: undefined }));
    const { stderr, stdout } = await run(join(root, 'node_modules/.bin/biome'), ['check', '--error-on-warnings', 'strategies'], {
      cwd: folder,
    });
    expect(stdout + stderr).toContain('Checked 330 files');
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
