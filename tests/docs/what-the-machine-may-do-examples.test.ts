import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workspaceAt } from '#bot/cli/up/workspace.ts';
import { appendToNight } from '#bot/evidence/ledger.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { GATE_NAMES } from '#bot/gates/outcome.ts';
import { Thoughts } from '#bot/proposers/claude/thoughts.ts';
import { canonicalJson, digestOf } from '#engine/attestation/canonical.ts';
import { sign } from '#engine/attestation/envelope.ts';
import { loadPrivateKey } from '#engine/attestation/keys.ts';
import { createStatement, statementPath } from '#engine/attestation/statement.ts';
import { nightOf, someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';
import { commitOn, createDeployment, type Deployment, shippedFiles } from '#tests/support/deployment.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { textOf } from './documents.ts';

const CYCLE = '20260105-1';
const BRANCH = `evolve/ema-cross/${CYCLE}`;
const FOLDER = 'strategies/ema-cross';
const NOW = Date.UTC(2026, 0, 5);

let deployment: Deployment;
let workspace: string;

/** A workspace after one night by a model, whose proposal the gates have signed. */
beforeAll(async () => {
  deployment = await createDeployment();
  const { repository, state, remote, root, base, gateKey } = deployment;
  workspace = join(root, 'workspace');
  const place = workspaceAt(workspace);
  mkdirSync(dirname(place.repository), { recursive: true });
  symlinkSync(remote, place.repository);
  await appendToNight(state, CYCLE, nightOf(CYCLE, someReturns(2, { days: 30 })));

  const manifest = shippedFiles('ema-cross').get('manifest.yaml')!.replace('volumeRatio: 1', 'volumeRatio: 1.8');
  const pack = samplePack();
  const changes = new Map([
    [`${FOLDER}/manifest.yaml`, manifest],
    [`${FOLDER}/${PACK_PATH}`, JSON.stringify(pack)],
  ]);
  const head = await commitOn(deployment, changes);
  await repository.push(BRANCH, head);
  const tree = (await repository.treeOf(head, FOLDER))!;
  const statement = createStatement({
    claim: {
      kind: 'gates',
      strategy: 'ema-cross',
      head,
      base,
      gates: Object.fromEntries(GATE_NAMES.map((name) => [name, 'success'])),
      evidence: digestOf(canonicalJson(pack)),
    },
    tree,
    policyTree: (await repository.treeOf(base, 'policies'))!,
    verifier: 'ratchet gate',
    timeVerified: NOW,
  });
  const signed = canonicalJson(sign(statement, await loadPrivateKey(gateKey)));
  await state.update('sign', () => new Map([[statementPath(tree), Buffer.from(signed)]]));

  const messages = [{ role: 'user' as const, content: 'Should anything change?' }];
  const request = { model: 'claude-test-1', max_tokens: 500, system: [], messages };
  new Thoughts(join(place.bot, 'thoughts')).begin({
    purpose: 'decide',
    by: CYCLE,
    beganAt: NOW,
    via: 'anthropic',
    baseUrl: null,
    request,
  });
}, 60_000);

afterAll(() => deployment?.close());

/** Every example of the page that is one of `ratchet`, and what it says there. */
const SAYS: Readonly<Record<string, RegExp>> = {
  'ratchet policy test': /of \d+ cases as expected; every validation was seen to hold and to fail\./,
  [`ratchet policy explain ${BRANCH} --author bot`]:
    /: allowed; the gates before passed, as signed\.[\s\S]*paper-beats-the-incumbent/,
  'ratchet thoughts': new RegExp(`${CYCLE} .*decide|decide .*${CYCLE}`),
  'ratchet memory': new RegExp(CYCLE),
  'ratchet ledger verify': /over 1 night, 2 trials, .*: unbroken/,
  'ratchet vault status': /The vault has never been opened\./,
};
const [, examples] = textOf('docs/ops/what-the-machine-may-do.md').split('## Seeing for yourself\n\n```sh\n');
const lines = examples!.split('\n```')[0]!.split('\n');

it('the page shows these examples and no other', () => {
  expect(lines).toEqual(Object.keys(SAYS));
});

it.each(lines)('%s says what the page promises, and ends well', async (line) => {
  const words = line.split(' ').slice(1);
  // The cases of the policy are this checkout's; everything else is read in the workspace.
  const place = line === 'ratchet policy test' ? [] : ['--workspace', workspace];
  const { code, stdout, stderr } = await ratchetHere(...words, ...place);
  expect(stdout, stderr).toMatch(SAYS[line]!);
  expect(code, stdout).toBe(0);
});
