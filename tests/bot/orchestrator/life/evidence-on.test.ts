import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evidenceFiles } from '#bot/evidence/evidence-files.ts';
import type { Pack } from '#bot/evidence/pack.ts';
import { backtestGate } from '#bot/gates/backtest.ts';
import { openContext } from '#bot/gates/context.ts';
import { evidenceOn, whyStale } from '#bot/orchestrator/life/evidence-on.ts';
import type { LifeOptions } from '#bot/orchestrator/life/life-options.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import type { CommitHash } from '#engine/repository/repository.ts';
import {
  commitOn,
  createDeployment,
  type Deployment,
  makeEvidence,
  proposalOf,
  shippedFiles,
} from '#tests/support/deployment.ts';

const ID = 'ema-cross';

let deployment: Deployment;
let files: Map<string, string>;
let pack: Pack;
let head: CommitHash;
beforeAll(async () => {
  deployment = await createDeployment();
  files = shippedFiles(ID);
  files.set('manifest.yaml', files.get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8'));
  pack = await makeEvidence(deployment, files);
  head = await proposalOf(deployment, files, pack);
}, 120_000);
afterAll(() => deployment.close());

describe('the evidence of a proposal on a newer main', { timeout: 120_000 }, () => {
  const options = () => {
    const { repository, state, root } = deployment;
    return { repository, state, program: { candlesDir: `${root}/candles` } } as Pick<
      LifeOptions,
      'repository' | 'state' | 'program'
    >;
  };

  it('is as it was while main moved elsewhere', async () => {
    const base = await commitOn(deployment, new Map([['README.md', 'Another page.\n']]));
    const { pack: kept } = await evidenceOn({ strategy: ID, fork: deployment.base, head, base }, options());
    expect(canonicalJson(kept)).toBe(canonicalJson(pack));
  });

  it('is made again when another strategy trades beside it, and is then what the gate makes, byte for byte', async () => {
    const { base: fork, repository, state, candles } = deployment;
    const beside = [...shippedFiles(ID)].map(
      ([path, text]) => [`strategies/other/${path}`, text.replace(`id: ${ID}`, 'id: other')] as const,
    );
    const base = await commitOn(deployment, new Map(beside));
    const place = { strategy: ID, fork, head, base };
    expect(await whyStale(place, { repository })).toMatch(/^stale: other strategies trade on the base .* must be made again\.$/);
    const { pack: made, sentence } = await evidenceOn(place, options());
    expect(sentence).toMatch(/^Its evidence was made again, for it was stale: /);
    expect(made.correlation.map(({ strategy }) => strategy)).toEqual([ID, 'other']);
    expect(made.candidate).toEqual(pack.candidate);
    const changes = new Map<string, string>();
    for (const [path, text] of await evidenceFiles(made)) changes.set(`strategies/${ID}/${path}`, text);
    for (const [path, text] of files) changes.set(`strategies/${ID}/${path}`, text);
    const again = await commitOn(deployment, changes, base);
    const log = pino({ level: 'silent' });
    const context = await openContext({ repository, state, candles, log, base, head: again, author: 'bot' });
    expect(await backtestGate(context)).toMatchObject({ title: expect.stringContaining('was made again, byte for byte') });
  });

  it('cannot be made against another incumbent: the questions of its night were about the one it replaces', async () => {
    const { base: fork } = deployment;
    const base = await commitOn(deployment, new Map([[`strategies/${ID}/notes.md`, 'By hand.\n']]));
    await expect(evidenceOn({ strategy: ID, fork, head, base }, options())).rejects.toMatchObject({ code: 'life/conflict' });
  });

  it('cannot be made where main no longer has the strategy', async () => {
    const { base: fork, repository } = deployment;
    const gone = (await repository.listFiles(fork, `strategies/${ID}`)).map(({ path }) => [path, null] as const);
    const base = await commitOn(deployment, new Map(gone));
    await expect(evidenceOn({ strategy: ID, fork, head, base }, options())).rejects.toMatchObject({ code: 'life/conflict' });
  });
});
