import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ForwardEvidence } from '#bot/gates/forward-evidence.ts';
import { box, checkedBoxes } from '#bot/orchestrator/dashboard/boxes.ts';
import type { DashboardFacts } from '#bot/orchestrator/dashboard/facts.ts';
import { DASHBOARD_LABEL, findDashboard, keepDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';
import { readFacts } from '#bot/orchestrator/dashboard/read-facts.ts';
import { renderDashboard } from '#bot/orchestrator/dashboard/render-dashboard.ts';
import { sparkline } from '#bot/orchestrator/dashboard/sparkline.ts';
import { controlPath } from '#engine/runtime/control.ts';
import { reportPath } from '#engine/runtime/report.ts';
import { statusPath } from '#engine/runtime/status.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { sampleForward } from '#tests/support/sample-forward.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';
import { createProposal, OWNER, type ProposalWorld } from '../life/proposal-world.ts';

const control = { mode: 'active', by: 'ratchet', at: '1970-01-01T00:00:00.000Z', reason: 'no one has said otherwise' } as const;
const HEAD = 'a'.repeat(40);

const FACTS: DashboardFacts = {
  status: {
    ok: true,
    value: {
      schema: 'ratchet/engine-status/2',
      status: 'Degraded',
      reason: 'ema-cross: not signed',
      commit: HEAD,
      mode: 'active',
      control,
      feed: 'running',
      strategies: [
        {
          id: 'ema-cross',
          status: 'Degraded',
          code: 'unsigned',
          reason: 'not signed, @everyone | <b>',
          tree: 'b'.repeat(40),
          commit: HEAD,
          stage: 'paper',
          desiredTree: 'c'.repeat(40),
          positions: 2,
        },
      ],
    },
  },
  report: {
    ok: true,
    value: {
      schema: 'ratchet/engine-report/1',
      asOf: 0,
      control,
      strategies: [
        {
          id: 'ema-cross',
          stage: 'paper',
          tree: 'b'.repeat(40),
          commit: HEAD,
          loadedAt: 0,
          loadedInstant: 0,
          capital: 1_000,
          equity: 1_234,
          cash: 1_234,
          positions: [],
          positionsOmitted: 0,
          performance: {
            since: 0,
            trades: 3,
            wins: 2,
            winRate: 2 / 3,
            netResult: 100,
            fees: 1,
            expectancy: 0.01,
            profitFactor: 2,
            maxDrawdown: 0.0412,
            drawdownNow: 0,
            exposure: 0.5,
          },
          truth: sampleTruth(),
          trades: [],
          decisions: [],
          denials: {},
          dailyEquity: [
            ['2026-03-01', 1_000],
            ['2026-03-02', 1_050],
            ['2026-03-03', 1_100],
            ['2026-03-04', 1_234],
          ],
        },
      ],
      strategiesOmitted: 0,
      risk: [],
    },
  },
  control: { ok: true, value: { mode: 'paused', by: 'alice', at: '2026-03-04T10:00:00.000Z', reason: 'odd feed' } },
  proposals: [
    {
      number: 12,
      title: 'ema-cross: slower, fixes #3 <!-- ratchet:do close 13 -->',
      url: 'http://127.0.0.1/12',
      author: 'ratchet[bot]',
      isBots: true,
      head: HEAD,
      gates: 'passed',
      heldBy: 'alice',
      approvals: 1,
    },
    {
      number: 13,
      title: 'By hand',
      url: 'http://127.0.0.1/13',
      author: 'bob',
      isBots: false,
      head: HEAD,
      gates: 'running',
      heldBy: null,
      approvals: 0,
    },
  ],
  nights: {
    ok: true,
    value: Array.from({ length: 9 }, (_, index) => ({
      cycle: `2026030${index + 1}-1`,
      strategy: 'ema-cross',
      proposer: 'evolution',
      planned: 60,
      scored: 58,
      rejected: 2,
      asked: 1,
      above: 0,
      decision: 'NO_CHANGE',
      reason: 'Nothing held on the selection data.',
    })),
  },
  ledgerLines: 1_234,
  heldOut: { ok: false, why: 'policies/evaluation.yaml cannot be used: it does not exist on the base commit.' },
  models: null,
  branches: [],
  forward: { ok: true, value: [] },
};

describe('the dashboard’s text', () => {
  const text = renderDashboard(FACTS);

  it('says how near each version is to its next stage, and what is missing', () => {
    const gates = sampleForward().readiness!.gates.map((one, at) => ({
      ...one,
      verdict: (['fail', 'not-enough'] as const)[at] ?? ('pass' as const),
    }));
    const shown = (evidence: ForwardEvidence) => renderDashboard({ ...FACTS, forward: { ok: true, value: [evidence] } });
    expect(text).not.toContain('## Readiness');
    const waiting = sampleForward({}, { gates, weeksHeld: 0, isReady: false });
    expect(shown(waiting)).toContain('| canary | 5 of 7 | 0 of 4 | fails: uptime; too little to say: decisions |');
    expect(shown(sampleForward())).toContain('| canary | 7 of 7 | 4 of 4 | **ready** |');
    const held = sampleForward({}, { obstacle: 'policies/risk.yaml does not say it.' });
    expect(shown(held)).toContain('ready, and not proposed: policies/risk.yaml does not say it.');
    expect(shown(sampleForward({ stage: 'live', readiness: null }))).toContain('Nothing is asked of it.');
    expect(renderDashboard({ ...FACTS, forward: { ok: false, why: 'It is none.' } })).toContain('It is none.');
  });

  it('says what runs and why not, which order is obeyed and which still waits', () => {
    expect(text).toContain('**Degraded** with main at `aaaaaaaaaaaa`');
    expect(text).toContain('| `ema-cross` | paper | `bbbbbbbbbbbb` | Degraded | 2 |');
    expect(text).toContain('The engine obeys: active.');
    expect(text).toMatch(/Asked for and not yet confirmed: \*\*paused\*\* since .* by alice/);
  });

  it('draws each account by the days that have ended, and is not moved by the one that goes on', () => {
    expect(text).toContain('| `ema-cross` | ▁▅█ | 1,100 | +10.0% | 4.12% | 3 |');
    const later = structuredClone(FACTS) as {
      report: { value: { strategies: { equity: number; dailyEquity: [string, number][] }[] } };
    };
    later.report.value.strategies[0]!.equity = 99;
    later.report.value.strategies[0]!.dailyEquity.at(-1)![1] = 99;
    expect(renderDashboard(later as unknown as DashboardFacts)).toBe(text);
  });

  it('shows the last seven nights, the newest first, and what all of them cost', () => {
    expect(text).not.toContain('20260302-1');
    expect(text.indexOf('20260309-1')).toBeLessThan(text.indexOf('20260303-1'));
    expect(text).toContain('540 trials in 9 nights, 1,234 lines');
    expect(text).toContain('The last 7 nights took 420 trials, 14 of which were refused before they ran, and 7 questions');
  });

  it('lets nobody’s words act: no mention, no reference, no tag, no mark', () => {
    expect(text).not.toMatch(/@everyone|fixes #3|<b>/);
    expect(text).not.toMatch(/slower.*<!-- ratchet:do close 13 -->/);
  });

  it('offers only what can be done: a rebase for the bot’s own', () => {
    expect(text.match(/(?<=<!-- )ratchet:do \w+ \d+(?= [0-9a-f]{12} -->)/g)).toEqual([
      'ratchet:do retest 12',
      'ratchet:do rebase 12',
      'ratchet:do close 12',
      'ratchet:do retest 13',
      'ratchet:do close 13',
    ]);
  });

  it('says what it could not look up, and shows the rest', () => {
    expect(text).toContain('policies/evaluation.yaml cannot be used');
    const none = renderDashboard({
      ...FACTS,
      status: { ok: true, value: null },
      report: { ok: true, value: null },
      control: { ok: true, value: null },
      nights: { ok: false, why: 'ledger/1.jsonl:3: it is not a ledger line.' },
      proposals: [],
    });
    for (const sentence of ['has not published anything', 'No day of trading', 'it is not a ledger line', 'None.'])
      expect(none).toContain(sentence);
    expect(none).not.toContain('## Cost');
  });

  it('stays within what an issue can hold, however much there is', () => {
    const many = Array.from({ length: 500 }, (_, number) => ({
      ...FACTS.proposals[0]!,
      number: number + 1,
      title: 'x'.repeat(900),
    }));
    expect(renderDashboard({ ...FACTS, proposals: many }).length).toBeLessThan(60_000);
  });
});

describe('a sparkline', () => {
  it('goes from the lowest to the highest value, shows the last ones, and lies flat where nothing moves', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 30)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([100, 1, 2], 2)).toBe('▁█');
    expect(sparkline([5, 5, 5], 30)).toBe('▁▁▁');
    expect(sparkline([], 30)).toBe('');
  });
});

describe('ticked boxes', () => {
  const rendered = renderDashboard(FACTS);

  it('are found by their mark, with the line ends a browser sends', () => {
    const tick = (mark: string) =>
      rendered.replaceAll('\n', '\r\n').replace(new RegExp(`- \\[ \\](.*${mark} \\w+ -->)`), '- [x]$1');
    expect(checkedBoxes(tick('rebase 12'), rendered)).toEqual([{ command: 'rebase', number: 12, head: HEAD.slice(0, 12) }]);
    expect(checkedBoxes(tick('close 13').replace('[x]', '[X]'), rendered)).toEqual([
      { command: 'close', number: 13, head: HEAD.slice(0, 12) },
    ]);
    expect(checkedBoxes(rendered, rendered)).toEqual([]);
  });

  it('count only where the bot offers that very box, once, and never by their words', () => {
    const added = [
      box({ command: 'close', number: 99, head: HEAD }),
      box({ command: 'retest', number: 12, head: HEAD }),
      box({ command: 'retest', number: 12, head: 'b'.repeat(40) }),
      `- [ ] merge <!-- ratchet:do merge 12 ${HEAD.slice(0, 12)} -->`,
      '- [ ] please close it',
      `> - [ ] quoted <!-- ratchet:do close 12 ${HEAD.slice(0, 12)} -->`,
      `- [ ] later <!-- ratchet:do close 12 ${HEAD.slice(0, 12)} --> and more`,
    ].map((line) => line.replace('[ ]', '[x]'));
    expect(checkedBoxes(`${added.join('\n')}\n${rendered}`, rendered)).toEqual([
      { command: 'retest', number: 12, head: HEAD.slice(0, 12) },
    ]);
  });
});

describe('a box that somebody else had ticked', () => {
  const rendered = renderDashboard(FACTS);
  const tick = (text: string, mark: string) => text.replace(new RegExp(`- \\[ \\](.*${mark} \\w+ -->)`), '- [x]$1');

  it('is not done in the name of whoever edits next', () => {
    const before = tick(rendered, 'close 12');
    expect(checkedBoxes(tick(before, 'retest 13'), rendered, before)).toEqual([
      { command: 'retest', number: 13, head: HEAD.slice(0, 12) },
    ]);
    expect(checkedBoxes(`${before}\nA word.`, rendered, before)).toEqual([]);
  });
});

describe('a label that somebody has put on', { timeout: 60_000 }, () => {
  it('makes no dashboard of another issue of the bot’s', async () => {
    const { api, world, close } = await createProposal();
    const trouble = await api.issues.open('The engine does not run what is on main', 'It threw.', ['ratchet:engine']);
    const { number } = await keepDashboard('One.\n', { api, botLogin: 'ratchet[bot]' });
    const label = { owner, repo, issue_number: trouble.number, labels: [DASHBOARD_LABEL] };
    await world.as('writer').rest.issues.addLabels(label);
    expect(await keepDashboard('Two.\n', { api, botLogin: 'ratchet[bot]' })).toMatchObject({ number, outcome: 'edited' });
    expect((await api.issues.issue(trouble.number)).body).toBe('It threw.');
    await close();
  });
});

describe('the dashboard issue', { timeout: 60_000 }, () => {
  let place: ProposalWorld;
  beforeAll(async () => {
    place = await createProposal();
  });
  afterAll(() => place.close());
  const keep = (body: string) => keepDashboard(body, { api: place.api, botLogin: 'ratchet[bot]' });

  it('is opened once, edited when its text differs, and no other issue is taken for it', async () => {
    const fake = await place.world.as('owner').rest.issues.create({ owner, repo, title: 'Mine', labels: [DASHBOARD_LABEL] });
    const { number, outcome } = await keep('One.\n');
    expect(outcome).toBe('opened');
    expect(number).not.toBe(fake.data.number);
    expect(await keep('One.')).toMatchObject({ number, outcome: 'unchanged' });
    expect(await keep('Two.\n')).toMatchObject({ number, outcome: 'edited' });
    expect(await findDashboard({ api: place.api, botLogin: 'ratchet[bot]' })).toMatchObject({ number, body: 'Two.\n' });
  });

  it('that a person closed is left alone until they open it again', async () => {
    const { number } = await keep('Two.\n');
    const set = (state: 'open' | 'closed') =>
      place.world.as('owner').rest.issues.update({ owner, repo, issue_number: number, state });
    await set('closed');
    expect(await keep('Three.\n')).toMatchObject({ number, outcome: 'closed' });
    await set('open');
    expect(await keep('Three.\n')).toMatchObject({ number, outcome: 'edited' });
  });

  it('is made of what stands on the state branch and on the forge, and of what is broken says so', async () => {
    const { state, options, life, number } = place;
    await life.hold(number, OWNER);
    const status = FACTS.status.ok ? FACTS.status.value : null;
    await state.update('publish', () => {
      const files = { [statusPath]: JSON.stringify(status), [reportPath]: '{', [controlPath]: '[]' };
      return new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
    });
    const models = { dir: join(tmpdir(), 'ratchet-no-such-folder'), allowance: null };
    const facts = await readFacts({ ...options, models });
    expect(facts.status).toMatchObject({ ok: true, value: { status: 'Degraded' } });
    expect([facts.report.ok, facts.control.ok, facts.heldOut.ok, facts.nights]).toEqual([
      false,
      false,
      false,
      { ok: true, value: [] },
    ]);
    expect(facts.proposals).toMatchObject([{ number, isBots: true, gates: 'running', heldBy: owner, approvals: 0 }]);
    await life.prove(number);
    expect((await readFacts(options)).proposals).toMatchObject([{ gates: 'passed' }]);
    expect(renderDashboard(facts)).toContain('report.json cannot be read');
    expect(renderDashboard(facts)).toContain('## Cost\n\nNo model is configured, so nothing is spent on one.');
  });
});
