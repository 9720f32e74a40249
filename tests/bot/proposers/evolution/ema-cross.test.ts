import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chosenParameters } from '#bot/proposers/evolution/blocks/chosen-blocks.ts';
import { Blueprint } from '#bot/proposers/evolution/blueprint.ts';
import { declaredRanges } from '#bot/proposers/evolution/declared-ranges.ts';
import { describe as describeBlueprint } from '#bot/proposers/evolution/describe.ts';
import { printStrategy } from '#bot/proposers/evolution/print/print-strategy.ts';
import { Manifest } from '#engine/contract/manifest.ts';

const folder = new URL('../../../../strategies/ema-cross/', import.meta.url);
const source = await readFile(new URL('strategy.ts', folder), 'utf8');
const manifest = Manifest.parse(parse(await readFile(new URL('manifest.yaml', folder), 'utf8')));

describe('the first strategy', () => {
  it('is what its blueprint prints, byte for byte, so that evolution can change its structure', () => {
    expect(printStrategy(Blueprint.parse(manifest.blueprint))).toBe(source);
  });

  it('is described as its blueprint is', () => {
    expect(manifest.description).toBe(describeBlueprint(Blueprint.parse(manifest.blueprint)));
  });

  it('names a value for every parameter, within what the source declares', () => {
    const ranges = declaredRanges(source);
    expect(Object.keys(manifest.parameters)).toEqual(Object.keys(ranges));
    for (const [name, { min, max }] of Object.entries(ranges)) {
      expect(manifest.parameters[name]).toBeGreaterThanOrEqual(min);
      expect(manifest.parameters[name]).toBeLessThanOrEqual(max);
    }
  });

  it('declares what its blocks say: the text and the blocks give the search the same ranges', () => {
    const blocks = chosenParameters(Blueprint.parse(manifest.blueprint));
    expect(declaredRanges(source)).toEqual(
      Object.fromEntries(
        Object.entries(blocks).map(([name, { default: preset, min, max, step, description }]) => [
          name,
          { default: preset, min, max, step, description },
        ]),
      ),
    );
  });
});
