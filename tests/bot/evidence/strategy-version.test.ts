import { describe, expect, it } from 'vitest';
import { parseManifest, readVersion } from '#bot/evidence/strategy-version.ts';

const GOOD = 'id: trend\ndescription: for the test\nstage: paper\nentry: strategy.ts\n';

describe('a manifest in a change', () => {
  it('is read when it stands in its own folder', () => {
    expect(parseManifest('trend', GOOD)).toMatchObject({ id: 'trend', stage: 'paper', entry: 'strategy.ts' });
  });

  it.each([
    ['is missing', undefined, /^strategies\/trend\/manifest\.yaml is missing/],
    ['is nested so deep that a YAML parser would end the process', '{a: '.repeat(4_000), /opens more than 100 brackets/],
    ['has a stage nobody knows', GOOD.replace('paper', 'moon'), /^strategies\/trend\/manifest\.yaml: stage: /],
    ['has a field nobody knows', `${GOOD}permissions: all\n`, /manifest\.yaml: the file: Unrecognized/],
    ['says another id', GOOD.replace('trend', 'other'), /says id other/],
  ])('is refused when it %s', (_name, text, message) => {
    expect(() => parseManifest('trend', text)).toThrow(
      expect.objectContaining({ code: 'strategy/manifest', message: expect.stringMatching(message) }),
    );
  });

  it('is read before anything is built', async () => {
    await expect(readVersion('trend', new Map([['manifest.yaml', '- '.repeat(8_000)]]))).rejects.toMatchObject({
      code: 'strategy/manifest',
    });
  });
});
