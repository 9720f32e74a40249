import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendToNight, type LedgerEntry } from '#bot/evidence/ledger.ts';
import { whoseNight } from '#bot/orchestrator/whose-night.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

const MANIFEST = 'strategies/ema-cross/manifest.yaml';
let real: StateRepository;
let base: CommitHash;
beforeEach(async () => {
  real = await createStateRepository();
  const manifest = readFileSync(MANIFEST, 'utf8');
  const of = (id: string, stage: string) => manifest.replace(/^id: .*/m, `id: ${id}`).replace(/^stage: .*/m, `stage: ${stage}`);
  base = await real.commitToMain(
    new Map([
      ['strategies/early/manifest.yaml', of('early', 'paper')],
      ['strategies/late/manifest.yaml', of('late', 'paper')],
      ['strategies/asleep/manifest.yaml', of('asleep', 'shadow')],
    ]),
  );
});
afterEach(() => real.close());

const whose = () => whoseNight(real.repository, base, real.state);
const ended: LedgerEntry = { kind: 'night-ended', decision: 'NO_CHANGE', reason: 'nothing', trials: 0 };
/** A night on that day of March. */
async function night(strategy: string, day: number, more: readonly LedgerEntry[]): Promise<void> {
  const cycle = `202603${String(day).padStart(2, '0')}-1`;
  const plan = { parentTree: 'a'.repeat(40), proposer: 'evolution', trialsPlanned: 0, seed: 7 };
  const began: LedgerEntry = { kind: 'night-began', cycle, strategy, asOf: Date.UTC(2026, 2, day), ...plan };
  await appendToNight(real.state, cycle, { entries: [began, ...more] });
}

describe('whose turn a night is', () => {
  it('goes round among the strategies that trade, by name where none had one', async () => {
    expect(await whose()).toBe('early');
    await night('early', 1, [ended]);
    expect(await whose()).toBe('late');
    await night('late', 2, [ended]);
    expect(await whose()).toBe('early');
  });

  it('is first that of a night that was left, which another would end', async () => {
    await night('late', 1, [ended]);
    await night('early', 2, []);
    expect(await whose()).toBe('early');
  });

  it('is that of nobody where none trades', async () => {
    base = await real.commitToMain(
      new Map([
        ['strategies/early/manifest.yaml', 'no manifest'],
        ['strategies/late/manifest.yaml', ''],
      ]),
    );
    await expect(whose()).rejects.toMatchObject({ code: 'night/no-strategy' });
  });
});
