import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendToNight, closeSearch, type LedgerEntry, ledgerPath } from '#bot/evidence/ledger.ts';
import { Thought } from '#bot/proposers/claude/thought.ts';
import { digestOf } from '#engine/attestation/canonical.ts';
import { digest, someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';
import { ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { type CommandWorld, createCommandWorld, HELD_OUT, NOON } from './command-world.ts';
import { sampleReport } from './sample-report.ts';

/** A ledger of three nights, filled by hand: one that changed nothing, one that proposed, one that was killed. */
let open: CommandWorld;
const ask = (body: string): Promise<string> => open.tell('reader', body);
const { selection } = samplePack().spans;
const [QUIET, LOUD, KILLED] = ['20260105-1', '20260106-1', '20260107-1'];
/** α·6/π², the first opening of an error of a tenth; the second gets a quarter of that. */
const FIRST_LEVEL = (0.1 * 6) / Math.PI ** 2;

interface Told {
  readonly cycle: string;
  readonly hint?: { by: string; text: string };
  /** Net returns on the development data; null for a trial that was refused. */
  readonly trials: readonly (number | null)[];
  readonly more: readonly LedgerEntry[];
  readonly end: { decision: string; reason: string } | null;
}

async function write({ cycle, hint, trials, more, end }: Told): Promise<void> {
  const scored = trials.flatMap((netReturn, index) => (netReturn === null ? [] : [index + 1]));
  const closing = closeSearch(trials.length, { ...someReturns(scored.length, { days: 60 }), trials: scored });
  const began: LedgerEntry = {
    kind: 'night-began',
    cycle,
    strategy: ID,
    asOf: NOON,
    parentTree: 'a'.repeat(40),
    proposer: 'evolution',
    trialsPlanned: trials.length,
    seed: 7,
    ...(hint === undefined ? {} : { hint }),
  };
  const label = (index: number) => `fast=${index + 10} @everyone`;
  const planned = trials.map((_, index) => ({ trial: index + 1, label: label(index), configuration: digest('c') }));
  const results = trials.map((netReturn, index): LedgerEntry => {
    const [outcome, reason] = netReturn === null ? (['rejected', 'it throws'] as const) : (['scored', null] as const);
    return { kind: 'trial', trial: index + 1, outcome, resultId: netReturn === null ? null : digest('b'), netReturn, reason };
  });
  const entries: LedgerEntry[] = [began, { kind: 'trials-planned', trials: planned }];
  if (end === null) return appendToNight(open.state, cycle, { entries });
  const ended: LedgerEntry = { kind: 'night-ended', ...end, trials: trials.length };
  await appendToNight(open.state, cycle, {
    entries: [...entries, ...results, closing.entry, ...more, ended],
    ...closing.returns,
  });
}

const asked = (question: number, answer: 'above' | 'below'): readonly LedgerEntry[] => [
  { kind: 'selection-asked', question, candidate: digest('c'), until: selection.to },
  { kind: 'selection-answered', question, answer },
];

beforeAll(async () => {
  open = await createCommandWorld('propose', { policies: { 'policies/held-out.yaml': HELD_OUT } });
}, 60_000);
afterAll(() => open?.close());

describe('what is read of the nights', () => {
  it('is nothing before the first, and every budget is whole', async () => {
    expect(await ask('/thoughts')).toContain('There has been no night yet.');
    const said = await ask('/ledger');
    expect(said).toContain(`0 nights, 0 trials, 0 openings of the vault; head \`sha256:${'0'.repeat(64)}\`.`);
    expect(said).toContain('- Selection data: 12 of 12 answers left.');
    expect(said).toContain('- Vault: 0.00% of an error of 10.00% spent; the next opening is tested at 6.08%.');
  });

  it('/ledger counts nights, trials, answers and openings, and what of the budgets is left', async () => {
    await write({
      cycle: QUIET!,
      trials: [0.05, null, -0.02],
      more: asked(1, 'below'),
      end: { decision: 'NO_CHANGE', reason: 'Nothing was better | @everyone.' },
    });
    await write({
      cycle: LOUD!,
      hint: { by: 'root @acme/team', text: 'trade *less*' },
      trials: [0.1, 0.3, -0.4, null, 0.2],
      more: [
        ...asked(2, 'above'),
        ...asked(3, 'above'),
        ...asked(4, 'below'),
        {
          kind: 'canary',
          canary: 'forges-metrics',
          outcome: 'stopped',
          stoppedBy: ['evidence'],
          sentence: 'Found out by <evidence>.',
        },
        {
          kind: 'vault-opened',
          opening: 1,
          strategy: ID,
          tree: 'd'.repeat(40),
          pair: digest('e'),
          alpha: 0.1,
          daysPerOpening: 30,
          level: FIRST_LEVEL,
          until: selection.to + 30 * 86_400_000,
        },
        { kind: 'vault-answered', opening: 1, answer: 'pass' },
      ],
      end: { decision: 'PROPOSE', reason: 'It earns more.' },
    });
    await write({ cycle: KILLED!, trials: [0.1, 0.1], more: [], end: null });
    const lines = (await open.state.readText(ledgerPath(KILLED!)))!.trimEnd().split('\n');
    const said = await ask('/ledger');
    expect(said).toContain(`3 nights, ${3 + 5 + 2} trials, 1 opening of the vault; head \`${digestOf(lines.at(-1)!)}\`.`);
    expect(said.split('\n').filter((line) => line.startsWith('| `'))).toEqual([
      `| \`${KILLED}\` | ${ID} | evolution | 2 | 0 of 0 | not ended |  |`,
      `| \`${LOUD}\` | ${ID} | evolution | 5 | 2 of 3 | \`PROPOSE\` | It earns more. |`,
      `| \`${QUIET}\` | ${ID} | evolution | 3 | 0 of 1 | \`NO_CHANGE\` | Nothing was better &#124; @&#8203;everyone. |`,
    ]);
    // Only a yes spends: two of twelve. An opening spends 6/π² of a tenth, and leaves a quarter of that to the next.
    expect(said).toContain('- Selection data: 10 of 12 answers left; one comes back after 30 new days.');
    const [spent, next] = [FIRST_LEVEL, FIRST_LEVEL / 4].map((level) => `${(level * 100).toFixed(2)}%`);
    expect(said).toContain(
      `- Vault: ${spent} of an error of 10.00% spent; the next opening is tested at ${next}; one comes back after 30 new days.`,
    );
  });

  it('/thoughts with a night tells what it wished, asked, tried and decided, the best trial first', async () => {
    const said = await ask(`/thoughts ${LOUD}`);
    expect(said.split('\n\n').slice(0, 4)).toEqual([
      `**Night ${LOUD}**, ${ID}, searched by evolution: **\`PROPOSE\`**. It earns more.`,
      'root @&#8203;acme/team had wished: trade \\*less\\*',
      '5 trials: 4 scored, 1 refused. 2 of 3 questions to the selection data were answered with yes.',
      '- Canary `forges-metrics`, stopped: Found out by &lt;evidence&gt;.',
    ]);
    expect(said).toContain('The best 4 of 4 scored:');
    expect(said.split('\n').filter((line) => /^\| \d/.test(line))).toEqual([
      '| 2 | +30.0% | fast=11 @&#8203;everyone |',
      '| 5 | +20.0% | fast=14 @&#8203;everyone |',
      '| 1 | +10.0% | fast=10 @&#8203;everyone |',
      '| 3 | −40.0% | fast=12 @&#8203;everyone |',
    ]);
  });

  it('/thoughts tells of the newest night when none is named, though it was killed', async () => {
    const said = await ask('/thoughts');
    expect(said).toContain(`**Night ${KILLED}**, ${ID}, searched by evolution: **not ended**.`);
    expect(said).toContain('2 trials: 0 scored, 0 refused. 0 of 0 questions');
    expect(said).not.toContain('The best');
    const quiet = await ask(`/thoughts ${QUIET}`);
    expect(quiet).toContain('3 trials: 2 scored, 1 refused. 0 of 1 question to the selection data were answered with yes.');
    expect(quiet).not.toContain('had wished');
  });

  it('/thoughts tells what a night asked a model and was answered, as words that do nothing', async () => {
    const kept = (purpose: string, outcome: object) => ({
      record: `${QUIET}/2026-01-05T22-00-00.000Z-${purpose}.json`,
      thought: Thought.parse({
        ...{ schema: 'ratchet/thought/2', purpose, by: QUIET, model: 'claude-test-1', baseUrl: null, tokens: 1_234 },
        ...{ beganAt: '2026-01-05T22:00:00.000Z', endedAt: '2026-01-05T22:01:00.000Z', outcome },
        ...{ money: { micros: 16_500, currency: 'USD' } },
        request: { model: 'claude-test-1', max_tokens: 500, system: [], messages: [{ role: 'user', content: 'What now?' }] },
      }),
    });
    const exchanges = (cycle: string) =>
      cycle === QUIET
        ? [kept('decide', { kind: 'answered', text: 'Wait.\n/merge now @everyone' }), kept('review', { kind: 'timed-out' })]
        : [];
    const said = await open.tell('reader', `/thoughts ${QUIET}`, { with: { exchanges } });
    expect(said).toContain('A model was asked 2 times, the newest first:');
    expect(said).toContain('| 2026-01-05 22:00 UTC | decide | `claude-test-1` | answered | 1,234 | 0.0165 USD |');
    expect(said).toContain('| review | `claude-test-1` | timed-out |');
    expect(said).toContain('> Wait.\\\n> &#47;merge now @&#8203;everyone');
    expect(await open.tell('reader', `/thoughts ${LOUD}`, { with: { exchanges } })).not.toContain('A model was asked');
  });

  it('/thoughts of a night that never was names it', async () => {
    expect(await ask('/thoughts 20200101-1')).toContain('The ledger knows no night "20200101-1". /ledger lists them.');
  });

  it('/report lists the last nights, the newest first', async () => {
    await open.publishReport({ ...sampleReport(), strategies: [] });
    const said = await ask('/report');
    expect(said).toContain('Nothing is loaded.');
    expect(said.split('\n').filter((line) => line.startsWith('- `2026'))).toEqual([
      `- \`${KILLED}\`: **not ended**.`,
      `- \`${LOUD}\`: **\`PROPOSE\`**. It earns more.`,
      `- \`${QUIET}\`: **\`NO_CHANGE\`**. Nothing was better &#124; @&#8203;everyone.`,
    ]);
  });

  it('/ledger and /thoughts say which line was changed after it was written, and show none of it', async () => {
    const path = ledgerPath(QUIET!);
    const whole = (await open.state.readText(path))!;
    await open.publish(path, whole.replace('"netReturn":0.05', '"netReturn":0.95'));
    for (const command of ['/ledger', '/thoughts', '/report']) {
      const said = await ask(command);
      expect(said).toContain(`\`${command}\` was not done. ${path}:4: it does not follow from the line before it.`);
      expect(said).not.toContain('PROPOSE');
    }
  });
});
