import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEYS_PATH, parsePublicKeys, trustedKeys } from '#engine/attestation/keys.ts';
import { type Examined, examine } from '#engine/runtime/candidate.ts';
import { type EngineFixture, engineFixture, strategyText } from './engine-fixture.ts';

const MANIFEST = 'id: trend\ndescription: for the test\nstage: paper\nentry: strategy.ts\n';

let fixture: EngineFixture;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(() => fixture.dispose());

/** What the engine says of a tree on main that a gate has signed. */
async function verdict(manifest: string, source: string): Promise<Examined> {
  const commit = await fixture.deploy(
    {},
    { files: { 'strategies/trend/manifest.yaml': manifest, 'strategies/trend/strategy.ts': source } },
  );
  await fixture.vouch('trend', commit, fixture.gate);
  const repository = await fixture.remote.mirror('looking');
  await repository.fetch();
  const keysText = Buffer.from((await repository.readFile(commit, KEYS_PATH))!).toString('utf8');
  const state = (await fixture.state()).snapshot();
  const tree = (await repository.treeOf(commit, 'strategies/trend'))!;
  const keys = trustedKeys(parsePublicKeys(keysText));
  return examine({ id: 'trend', tree }, { repository, state, keys, commit, realMoneyRefusal: () => null });
}

describe('a signed tree', () => {
  it('is a candidate when manifest and source hold', async () => {
    expect(await verdict(MANIFEST, strategyText())).toMatchObject({ ok: true, candidate: { id: 'trend' } });
  });

  it.each([
    ['is nested so deep that a YAML parser would end the process', `{a: `.repeat(4_000), /opens more than 100 brackets/],
    ['uses aliases', `${MANIFEST}parameters: &p { a: 1 }\nblueprint: *p\n`, /uses aliases/],
    ['is another strategy’s', MANIFEST.replace('trend', 'other'), /says id other, but stands in strategies\/trend/],
  ])('is refused for good when its manifest %s', async (_name, manifest, reason) => {
    expect(await verdict(manifest, strategyText())).toEqual({
      ok: false,
      code: 'bad-manifest',
      isFinal: true,
      reason: expect.stringMatching(reason),
    });
  });

  it('is refused when its source begins with a byte order mark, as by sandbox check', async () => {
    expect(await verdict(MANIFEST, `\ufeff${strategyText()}`)).toMatchObject({
      ok: false,
      code: 'static-check',
      reason: expect.stringMatching(/^strategy\.ts:1: .*U\+FEFF/),
    });
  });
});
