import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { KEY_CHANGES_PATH, NO_KEY_CHANGES, signKeyChange } from '#engine/attestation/key-changes.ts';
import { createKeyPair, KEYS_PATH, type KeyPair, type PublicKeyEntry, type PublicKeys } from '#engine/attestation/keys.ts';
import { itLong } from '#tests/support/long.ts';
import {
  type EngineFixture,
  engineFixture,
  type RunningEngine,
  startEngine,
  strategyText,
  untilStatus,
} from './engine-fixture.ts';

const owner = createKeyPair();
const nextGate = createKeyPair();

let fixture: EngineFixture;
let running: RunningEngine | null = null;
beforeEach(async () => {
  fixture = await engineFixture();
});
afterEach(async () => {
  await running?.stop();
  running = null;
  fixture.dispose();
});

const dir = () => fixture.options().dir;
const synced = (commit: string) =>
  untilStatus(dir(), `Synced at ${commit}`, (status) => status.status === 'Synced' && status.commit === commit);
const entry = (pair: KeyPair, purpose: 'gate' | 'owner', more: Partial<PublicKeyEntry> = {}): PublicKeyEntry => ({
  id: pair.id,
  publicKey: pair.publicKey,
  purpose,
  ...more,
});
const before = (): PublicKeys => ({ keys: [entry(fixture.gate, 'gate'), entry(owner, 'owner')] });
/** The keys on main, and the owner's signature under the step to them. */
const signed = (after: PublicKeys, changes = [signKeyChange(before(), after, owner.privateKey, Date.now())]) => ({
  [KEYS_PATH]: stringify(after),
  [KEY_CHANGES_PATH]: JSON.stringify({ ...NO_KEY_CHANGES, changes }),
});

async function runFirst(): Promise<string> {
  const first = await fixture.deploy({ trend: strategyText() }, { files: { [KEYS_PATH]: stringify(before()) } });
  running = await startEngine(fixture.options({ catchUpBars: 50, paceMs: 30 }));
  await synced(first);
  return first;
}

// Each starts an engine and swaps versions in it; a busy machine takes its time.
describe('an engine that trusts an owner', { timeout: 90_000 }, () => {
  it('follows a rotation the owner signed: the new key counts, and what the old one signed in its time runs on', async () => {
    await runFirst();
    const after: PublicKeys = {
      keys: [entry(fixture.gate, 'gate', { notAfter: '2024-01-01T00:00:00Z' }), entry(owner, 'owner'), entry(nextGate, 'gate')],
    };
    const second = await fixture.deploy(
      { other: strategyText({ note: 'signed with the new key' }) },
      { signWith: nextGate, files: signed(after) },
    );
    const status = await synced(second);
    expect(status.strategies.map(({ id, code }) => `${id} ${code}`)).toEqual(['other running', 'trend running']);
  });

  it('does not follow one that nobody signed, and says which file to mend', async () => {
    const first = await runFirst();
    const after: PublicKeys = { keys: [...before().keys, entry(nextGate, 'gate')] };
    await fixture.deploy(
      { trend: strategyText({ note: 'signed by whoever can write main' }) },
      { signWith: nextGate, files: { [KEYS_PATH]: stringify(after) } },
    );
    const status = await untilStatus(dir(), 'the refusal', ({ strategies }) => strategies[0]?.code === 'unknown-key');
    expect(status.reason).toContain("no owner's key that counts has signed the way to it in policies/keys.signed.json");
    expect(status.strategies[0]).toMatchObject({ commit: first });
  });

  itLong('does not follow steps that were cut short', async () => {
    await runFirst();
    const after: PublicKeys = { keys: [...before().keys, entry(nextGate, 'gate')] };
    const files = signed(after);
    await fixture.deploy({}, { files: { ...files, [KEY_CHANGES_PATH]: files[KEY_CHANGES_PATH]!.slice(0, 300) } });
    const status = await untilStatus(dir(), 'the refusal', ({ reason }) => reason.includes('keys.signed.json'));
    expect(status.reason).toContain('policies/keys.signed.json does not parse: it is no JSON');
  });

  it('lets a version whose key was revoked run on, says so, and takes one that a good key signed', async () => {
    const first = await runFirst();
    const revoked = { at: '2024-01-01T00:00:00Z', reason: 'the key file was in a backup' };
    const after: PublicKeys = {
      keys: [entry(fixture.gate, 'gate', { revoked }), entry(owner, 'owner'), entry(nextGate, 'gate')],
    };
    await fixture.deploy({}, { files: signed(after) });
    const status = await untilStatus(dir(), 'the revocation', ({ strategies }) => strategies[0]?.code === 'revoked-key');
    expect(status.strategies[0]).toMatchObject({ commit: first, status: 'Degraded' });
    expect(status.reason).toContain('was revoked: the key file was in a backup');

    const again = await fixture.deploy({ trend: strategyText({ note: 'proven again' }) }, { signWith: nextGate });
    expect((await synced(again)).strategies[0]).toMatchObject({ code: 'running', commit: again });
  });
});
