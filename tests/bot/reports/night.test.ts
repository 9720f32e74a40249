import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { appendToNight, closeSearch, type LedgerEntry } from '#bot/evidence/ledger.ts';
import { PACK_PATH } from '#bot/evidence/pack.ts';
import { Plan } from '#bot/orchestrator/deliberate.ts';
import { rescueNight } from '#bot/orchestrator/night-work/kept-nights.ts';
import { NightWork, type StageResult } from '#bot/orchestrator/night-work.ts';
import { Observation } from '#bot/orchestrator/observe.ts';
import { Study } from '#bot/orchestrator/studied.ts';
import { Review } from '#bot/proposers/author.ts';
import { Thoughts } from '#bot/proposers/claude/thoughts.ts';
import type { VersionDecision } from '#bot/proposers/decision.ts';
import { gatherNight } from '#bot/reports/gather-night.ts';
import { nightReport } from '#bot/reports/night.ts';
import { canonicalJson } from '#engine/attestation/canonical.ts';
import type { CommitHash } from '#engine/repository/types.ts';
import { removeWorktree, worktreeAt } from '#engine/repository/worktrees.ts';
import { someReturns } from '#tests/bot/evidence/ledger/sample-nights.ts';
import { cycleOn, day, entriesOf, STRATEGY } from '#tests/bot/memory/sample-memory.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';
import { createStateRepository, type StateRepository } from '#tests/support/state-repository.ts';

/** The night that the sample of evidence is from; then a quiet one, and one that was killed while it searched. */
const [LOUD, QUIET, KILLED] = [cycleOn(59), cycleOn(60), cycleOn(61)];
const BRANCH = `evolve/${STRATEGY}/${LOUD}`;
const KNOWN_UNTIL = Date.UTC(2025, 5, 1);

const DECISION: VersionDecision = {
  kind: 'TWEAK',
  reason: 'Fees eat what it earns.',
  hypothesis: 'A slower pair of averages pays fewer fees, @everyone.',
  riskTier: 1,
  forecast: { measure: 'netReturn', is: 'above', value: 0.02, afterDays: 30, probability: 0.6 },
  killRule: { measure: 'maxDrawdown', is: 'above', value: 0.1, afterDays: 60 },
};
const PACK = samplePack((sample) => {
  sample.proposal.knownUntil = KNOWN_UNTIL;
});

let open: StateRepository;
let base: CommitHash;
let root: string;
beforeAll(async () => {
  open = await createStateRepository();
  root = join(open.repository.dir, '..');
  base = await open.commitToMain(new Map([[`strategies/${STRATEGY}/strategy.ts`, 'one\n']]));
  await open.repository.fetch();
  const trials = [
    ...Array.from({ length: 11 }, (_, index): [string, number] => [
      `volume filter: removed, slow: 21 → ${30 + index}`,
      index / 100,
    ]),
    ['volume filter: removed, fast: 9 → 40', null] as [string, null],
  ];
  const nights = entriesOf([
    {
      on: 59,
      proposer: 'both',
      selection: [[1, 'above']],
      trials: trials.map(([label, value]) => [label, value] as const),
      decision: 'TWEAK',
    },
    { on: 60, decision: 'NO_CHANGE' },
    { on: 61, decision: null },
  ]);
  const closing = closeSearch(trials.length, someReturns(11, { days: 30 }));
  for (const [cycle, entries] of nights) {
    const told = entries.map(withMore(cycle, closing.entry));
    await appendToNight(open.state, cycle, { entries: told, ...(cycle === LOUD ? closing.returns : {}) });
  }
  await loudNight();
  const quiet = await work(QUIET);
  await quiet.stage('observe', Observation, async () => ({ record: observation({ truth: null, openProposal: 7 }) }));
  await quiet.stage('decide', Plan, async (): Promise<StageResult<Plan>> => {
    return { record: { kind: 'nothing', reason: 'It earns, and 3 trades say little.' } };
  });
  await quiet.end({ decision: 'NO_CHANGE', reason: 'It earns.' });
});
afterAll(() => open?.close());

function withMore(cycle: string, searched: LedgerEntry): (entry: LedgerEntry) => LedgerEntry {
  return (entry) => {
    if (entry.kind === 'trial' && entry.outcome === 'rejected') return { ...entry, reason: 'fast must be below slow | ever' };
    if (entry.kind === 'search-ended') return searched;
    return entry.kind === 'night-ended' && cycle === LOUD ? { ...entry, branch: BRANCH } : entry;
  };
}

const observation = (more: Partial<Observation> = {}): Observation => ({
  strategy: STRATEGY,
  asOf: day(59),
  truth: { ...sampleTruth(), trades: 17, winRate: 0.25, netResult: -133.5, refusals: { 'no-cash': 2 } },
  development: { netReturn: -0.418, trades: 442 },
  analysis: { market: {}, trades: {} },
  openProposal: null,
  memory: [{ title: 'Past nights', text: '' }],
  ...more,
});

const work = (cycle: string, repository = open.repository): Promise<NightWork> => {
  let now = Date.UTC(2026, 2, 1);
  const clock = (): number => {
    now += 1_500;
    return now;
  };
  return NightWork.open({ repository, dir: join(root, 'worktrees'), cycle, strategy: STRATEGY, base, author: PERSON, clock });
};
const PERSON = { name: 'Test', email: 'test@localhost' };

async function loudNight(): Promise<void> {
  const night = await work(LOUD);
  const claim = { ...PACK.proposal, changes: ['slow: 21 → 40'] };
  const candidate = { strategy: null, files: { 'strategy.ts': 'two\n' }, claim };
  await night.stage('observe', Observation, async () => ({ record: observation() }));
  await night.stage('decide', Plan, async (): Promise<StageResult<Plan>> => {
    return { record: { kind: 'change', why: DECISION.reason, decision: DECISION, searches: false } };
  });
  await night.stage('create', Study, async (): Promise<StageResult<Study>> => {
    return { record: { kind: 'candidates', why: DECISION.reason, candidates: [candidate, candidate, candidate] } };
  });
  const reasons = ['It earns less than the incumbent on data its author never saw.'];
  await night.stage('examine-1', z.unknown(), async () => ({ record: { outcome: 'failed', reasons } }));
  await night.stage('examine-2', z.unknown(), async () => ({ record: { outcome: 'passed', pack: PACK } }));
  const findings = [{ severity: 'minor' as const, file: 'strategy.ts', what: 'A name says nothing.' }];
  await night.stage('review-2', Review, async (): Promise<StageResult<Review>> => {
    return { record: { kind: 'reviewed', findings, recall: 'It has found 3 of 4.' } };
  });
  await night.end({ decision: 'TWEAK', reason: 'Better.' });
}

const places = () => ({ worktrees: join(root, 'worktrees'), mirrors: [open.repository.dir, join(root, 'no-such.git')] });
const tell = async (cycle: string | null, more: Partial<Parameters<typeof gatherNight>[0]> = {}): Promise<string> => {
  const sources = { repository: open.repository, state: open.state.snapshot(), places: places(), dir: null };
  return nightReport(await gatherNight({ ...sources, ...more }, cycle));
};

describe('the report of a night', () => {
  it('shows what it saw as a table: every benchmark, with its value and what it is', async () => {
    const said = await tell(LOUD);
    expect(said).toContain('| `trades` | 17 | closed trades it opened |');
    expect(said).toContain('| `winRate` | 25% | wins, a ratio of the trades |');
    expect(said).toContain('| `netResult` | −133.50 |');
    expect(said).toContain('| `refusals` | 2 `no-cash` |');
    expect(said).toContain('On the development data it makes −41.8% in 442 trades.');
  });

  it('tells what a model decided, and all that it staked on it before any result was seen', async () => {
    const said = await tell(LOUD);
    expect(said).toContain('## What it decided\n\nA model decided: Fees eat what it earns.');
    expect(said).toContain('- **Kind**: TWEAK, risk tier 1 of 3');
    expect(said).toContain('- **Hypothesis**: A slower pair of averages pays fewer fees, @&#8203;everyone.');
    expect(said).toContain('- **Forecast**: after 30 days its net return is above +2.00%, with a probability of 60%');
    expect(said).toContain('- **Kill rule**: after 60 days its worst drawdown is above 10.0%');
    expect(said).not.toContain('@everyone');
  });

  it('adds up trials by move, shows of the best what tells them apart, and why others never ran', async () => {
    const said = await tell(LOUD);
    expect(said).toContain('| volume filter: removed | 12 | 1 | +5.00% | +10.0% |');
    expect(said).toContain('| slow raised | 11 | 0 | +5.00% | +10.0% |');
    expect(said).toContain('| 11 | +10.0% | 1 of 1 usual change, slow: 21 → 40 |');
    expect(said).toContain('The usual changes, which more than half of all trials make: volume filter: removed.');
    expect(said).toContain('Refused before they ran:\n\n- 1: fast must be below slow &#124; ever');
  });

  it('gives each examined candidate its numbers, before and after what its author may have read, or why it was refused', async () => {
    const said = await tell(LOUD);
    expect(said).toContain('### Candidate 1\n\n- slow: 21 → 40\n\nRefused:\n\n- It earns less than the incumbent');
    expect(said).toMatch(/\| Net return, selection data \| [+−][\d.]+% \| [+−][\d.]+% \| [+−][\d.]+ points \|/);
    expect(said).toContain('### What its author may have known');
    expect(said).toContain('| Net return | until 2025-05-31 | after |');
    expect(said).toContain('**Kill rule:** take it down when');
    expect(said).toContain('- **minor** in `strategy.ts`: A name says nothing.');
    expect(said).toContain('1 more candidate was not examined');
  });

  it('says what it took: trials, questions, time by stage, tokens and money of every exchange', async () => {
    const dir = join(root, 'bot');
    const thoughts = new Thoughts(join(dir, 'thoughts'));
    const messages = [{ role: 'user' as const, content: 'What now?' }];
    const request = { model: 'some-model', max_tokens: 300, system: [], messages };
    const thought = { purpose: 'decide', by: LOUD, beganAt: day(59), via: 'anthropic', baseUrl: null, request } as const;
    const outcome = { kind: 'answered', text: 'x' } as const;
    const report = { outcome, response: null, usage: null, isUsageFinal: false, requestId: null, attempts: null };
    const ending = { endedAt: day(59), report, outcome };
    thoughts.end(thoughts.begin(thought), thought, { ...ending, tokens: 1_200, money: { micros: 30_000, currency: 'USD' } });
    thoughts.end(thoughts.begin(thought), thought, { ...ending, tokens: 800, money: { micros: 20_000, currency: 'USD' } });
    thoughts.begin(thought);
    const said = await tell(LOUD, { dir });
    expect(said).toContain('- 12 trials, and 1 question to the selection data, 1 of them answered with yes');
    expect(said).toMatch(/- [\d.]+ s by the clock: observe 1\.5 s, decide 3\.0 s, create 3\.0 s, examine-1 3\.0 s/);
    expect(said).toContain('- `some-model` for decide: 2 calls, 2,000 tokens, 0.05 USD');
    expect(said).toContain('- 1 exchange without an end on record');
  });

  it('reads well of a night that changed nothing: what it saw, why that was enough, and no empty part', async () => {
    const said = await tell(QUIET);
    expect(said).toContain('It looked at the market up to 2026-03-02 00:00 UTC. It tried nothing.\n\nIt left no proposal.');
    expect(said).toContain('No engine had told how `ema-cross` does.');
    expect(said).toContain('Pull request 7 was open and changed it already.');
    expect(said).toContain('## What it decided\n\nNothing should change. It earns, and 3 trades say little.');
    expect(said).not.toMatch(/## What it tried|## What was examined|## Canaries/);
    expect(said).toContain('- 0 trials, and 0 questions to the selection data\n- ');
  });

  it('is told from the ledger where nothing else was kept, and says so in one line', async () => {
    const said = await tell(null);
    expect(said).toContain(`# Night ${KILLED}\n\n\`ema-cross\` by \`evolution\`: **not ended**.`);
    expect(said).toContain(
      'is not kept any more: its worktree is gone, or was on another machine. What follows is told from the ledger.',
    );
    expect(await tell(QUIET, { places: null })).toContain('stands in the workspace, which is not at hand here.');
  });

  it('names a record that cannot be read, and tells the rest', async () => {
    const night = await work(KILLED);
    await night.stage('observe', z.unknown(), async () => ({ record: { strategy: 'x' } }));
    expect(await tell(KILLED)).toMatch(/\.ratchet\/observe\.json in .* does not fit: .* What follows is told from the ledger\./);
  });
});

describe('a night whose worktree is gone', () => {
  it('is read from the branch by which a person has kept it, else from the evidence of its proposal', async () => {
    const { repository } = open;
    const worktrees = join(root, 'worktrees');
    await rescueNight(worktrees, LOUD, 'keep-me');
    await removeWorktree((await worktreeAt(join(worktrees, LOUD)))!);
    expect(await tell(LOUD)).toContain('A model decided: Fees eat what it earns.');

    const path = `strategies/${STRATEGY}/${PACK_PATH}`;
    const changes = new Map([[path, Buffer.from(canonicalJson(PACK))]]);
    const proposal = await repository.commit({ parent: base, changes, message: 'A proposal', author: PERSON, date: new Date(0) });
    await repository.push(BRANCH, proposal, { expect: null });
    await repository.fetch();
    const elsewhere = { ...places(), mirrors: [] };
    const said = await tell(LOUD, { places: elsewhere });
    expect(said).toContain('What follows is told from the ledger and from its evidence.');
    expect(said).toContain(`- **Hypothesis**: ${PACK.proposal.hypothesis.slice(0, 20)}`);
    expect(said).toContain('### What its author may have known');
    expect(said).not.toContain('## What it saw');

    await open.commitToMain(new Map([[path, canonicalJson(PACK)]]));
    await repository.pushTogether([{ ref: BRANCH, to: null, expect: proposal }]);
    await repository.fetch();
    expect(await tell(LOUD, { places: elsewhere })).toContain('told from the ledger and from its evidence.');
  });
});
