import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandRoom } from '#bot/commands/command.ts';
import { confirmOrders } from '#bot/commands/engine/confirm-orders.ts';
import { WaitingOrders } from '#bot/commands/engine/waiting-orders.ts';
import { handleComment } from '#bot/commands/handle-comment.ts';
import { COMMANDS } from '#bot/commands/index.ts';
import { KeptAnswers } from '#bot/commands/kept-answers.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { EngineWatch } from '#bot/orchestrator/engine-watch.ts';
import { readDecisions } from '#bot/orchestrator/life/decisions.ts';
import { CandleStore } from '#engine/candles/candle-store.ts';
import { RatchetError } from '#engine/errors.ts';
import { Control, controlPath, initialControl } from '#engine/runtime/control.ts';
import { type EngineReport, parseReport, reportPath, reportText } from '#engine/runtime/report.ts';
import { type EngineStatus, statusPath, statusText } from '#engine/runtime/status.ts';
import { owner, repo, type World } from '#tests/bot/forge/forge-under-test.ts';
import { createProposal, FOLDER, ID, type ProposalWorld } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { sampleTruth } from '#tests/support/sample-truth.ts';

/** One forge, one proposal, one engine that has published: comments by people, answered over HTTP. */
let open: ProposalWorld;
let world: World;
let room: CommandRoom;
let orders: WaitingOrders;
const NOON = Date.UTC(2026, 2, 2, 12);

beforeAll(async () => {
  open = await createProposal();
  ({ world } = open);
  orders = WaitingOrders.open(join(world.dir, 'orders.sqlite'));
  const { api, life, repository, state } = open;
  let now = NOON;
  room = {
    login: 'ratchet[bot]',
    api,
    life,
    repository,
    state,
    engine: new EngineWatch({ api, state, log: open.options.log }),
    orders,
    openCandles: () => CandleStore.openExisting(world.dir),
    night: null,
    ask: null,
    clock: () => {
      now += 1_000;
      return now;
    },
  };
}, 60_000);
afterAll(async () => {
  orders?.close();
  await open?.close();
});

type Person = keyof World['tokens'];

/** Comments as a person, lets the bot do its job, and gives what stands under the issue since. */
async function say(person: Person, body: string, number = open.number): Promise<string> {
  const { data } = await world.as(person).rest.issues.createComment({ owner, repo, issue_number: number, body });
  await answer(person, body, data.id, number);
  return (await answersTo(data.id)).at(-1) ?? '';
}

const answer = (person: Person, body: string, commentId: number, number = open.number) =>
  handleComment(
    {
      kind: 'comment',
      number,
      commentId,
      author: person === 'owner' ? owner : person,
      body,
      isPullRequest: number === open.number,
    },
    room,
  );

async function answersTo(commentId: number): Promise<readonly string[]> {
  const comments = await open.api.issues.comments(open.number);
  return comments.filter(({ body }) => body.includes(`ratchet:answer:${commentId} `)).map(({ body }) => body);
}

const publish = (path: string, text: string) => open.state.update('engine', () => new Map([[path, Buffer.from(text)]]));
const statusWith = (change: Partial<EngineStatus>): EngineStatus => ({
  schema: 'ratchet/engine-status/2',
  status: 'Synced',
  reason: '',
  commit: open.base,
  control: initialControl,
  mode: 'active',
  feed: 'running',
  strategies: [],
  ...change,
});

const REPORT: EngineReport = parseReport(
  JSON.stringify({
    schema: 'ratchet/engine-report/1',
    asOf: NOON,
    control: initialControl,
    strategiesOmitted: 0,
    risk: [{ code: 'exposure', strategy: ID, title: 'Gross exposure', limit: 10_000, used: 2_500, unit: 'USDT' }],
    strategies: [
      {
        id: ID,
        stage: 'paper',
        tree: 'a'.repeat(40),
        commit: 'b'.repeat(40),
        loadedAt: NOON,
        loadedInstant: NOON,
        capital: 10_000,
        equity: 10_250,
        cash: 7_750,
        positions: [
          {
            symbol: 'BTC/USDT',
            quantity: 0.05,
            entryPrice: 50_000,
            price: 51_000,
            unrealisedResult: 50,
            stop: 48_000,
            takeProfit: null,
            barsHeld: 7,
          },
        ],
        positionsOmitted: 0,
        performance: {
          since: NOON - 40 * 86_400_000,
          trades: 2,
          wins: 1,
          winRate: 0.5,
          netResult: 200,
          fees: 12,
          expectancy: 0.01,
          profitFactor: 3,
          maxDrawdown: 0.08,
          drawdownNow: 0.02,
          exposure: 0.4,
        },
        truth: sampleTruth(),
        trades: [
          {
            symbol: 'BTC/USDT',
            entryTime: NOON - 9e7,
            exitTime: NOON - 3.6e6,
            entryPrice: 49_000,
            exitPrice: 50_000,
            quantity: 0.1,
            fees: 6,
            netResult: 94,
            netReturn: 0.019,
            barsHeld: 5,
            entryReason: 'crossed up | @everyone',
            exitReason: 'crossed down',
            exitCause: 'decision',
          },
        ],
        decisions: [
          { instant: NOON - 3.6e6, symbol: 'BTC/USDT', action: 'target', reason: 'crossed up', outcome: 'accepted' },
          { instant: NOON, symbol: 'ETH/USDT', action: 'target', reason: 'crossed up', outcome: 'denied:min-notional' },
        ],
        denials: { 'min-notional': 3 },
        dailyEquity: [
          ['2026-02-28', 10_000],
          ['2026-03-01', 10_100],
          ['2026-03-02', 10_250],
        ],
      },
    ],
  }),
);

describe('what is read', { timeout: 30_000 }, () => {
  it('says that the engine has published nothing, before it has', async () => {
    expect(await say('reader', '/positions')).toContain('`/positions` was not done. The engine has not published a report yet.');
  });

  it('shows what the engine published, and nothing a strategy wrote acts', async () => {
    await publish(statusPath, statusText(statusWith({})));
    await publish(reportPath, reportText(REPORT));
    expect(await say('reader', '/positions')).toContain(
      '| `BTC/USDT` | 0.050000 | 50,000.0000 | 51,000.0000 | +50.00 (+2.00%) | 48,000.0000 | – | 7 |',
    );
    const trades = await say('reader', '/trades');
    expect(trades).toContain('the newest 1 of 2 trades');
    expect(trades).toContain('&#124; @&#8203;everyone');
    expect(await say('reader', `/performance ${ID}`)).toContain('| Return | +2.50% |');
    const risk = await say('reader', '/risk');
    expect(risk).toContain('| Gross exposure | ema-cross | 2,500.0000 USDT | 10,000.0000 USDT | 25% |');
    expect(risk).toContain('`min-notional` 3 times');
    const why = await say('reader', `/why ${ID} eth/usdt`);
    expect(why).toContain('`denied:min-notional`');
    expect(why).not.toContain('BTC/USDT');
    expect(await say('reader', '/report 2')).toContain(`**${ID}** ▁▄█ 10,250 on 2026-03-02, +2.50% since 2026-02-28.`);
  });

  it('shows nothing of a report that no engine wrote, whose names would act in a comment', async () => {
    const text = reportText(REPORT);
    await publish(reportPath, text.replaceAll(`"id":"${ID}"`, '"id":"<!-- ratchet:answer:7 --> @everyone"'));
    const said = await say('reader', '/risk');
    expect(said).toContain('report.json cannot be read');
    expect(said).not.toMatch(/@everyone|answer:7/);
    await publish(reportPath, text);
  });

  it('says what was probably meant', async () => {
    expect(await say('reader', '/performance ema-crss')).toContain('Did you mean ema-cross?');
    const unknown = await say('reader', '/postions');
    expect(unknown).toContain('did you mean `/positions`?');
    for (const { name } of COMMANDS) expect(unknown).toContain(`\`/${name}`);
  });

  it('shows a strategy of main with its versions', async () => {
    const told = await say('reader', '/strategy');
    expect(told).toContain(`/blob/${open.base}/${FOLDER}/strategy.ts`);
    expect(told).toContain('stage **paper**');
    expect(told).toContain('The first commit');
  });

  it('knows no night before the first', async () => {
    expect(await say('reader', '/thoughts')).toContain('There has been no night yet.');
    expect(await say('reader', '/thoughts 20200101-1')).toContain('The ledger knows no night `20200101-1`.');
  });

  it('explains a command by name', async () => {
    for (const { name, usage, help } of COMMANDS.filter((command) => ['merge', 'backtest', 'halt'].includes(command.name))) {
      const told = await say('reader', `/help ${name}`);
      expect(told).toContain(usage);
      expect(told).toContain(help.split('\n')[0]);
    }
  });
});

describe('a night that is asked for', { timeout: 30_000 }, () => {
  it('is told to whoever runs nights, with the wish as it was said, and its end is the answer', async () => {
    const asked: unknown[] = [];
    const night: CommandRoom['night'] = async ({ say: show, ...request }) => {
      asked.push(request);
      await show('observe: nothing yet');
      return { cycle: '20260302-1', decision: 'NO_CHANGE', reason: 'It earns.', trials: 0, pullRequest: null, canaries: [] };
    };
    const { data } = await world.as('owner').rest.issues.createComment({ owner, repo, issue_number: open.number, body: 'x' });
    const quiet = room;
    room = { ...room, night };
    await answer('owner', '/evolve strategy=ema-cross trade less', data.id);
    room = quiet;
    expect(asked).toEqual([{ strategy: ID, hint: { by: owner, text: 'trade less' } }]);
    expect(await answersTo(data.id)).toEqual([
      expect.stringContaining('Night `20260302-1` for ema-cross: **NO_CHANGE**. It earns.'),
    ]);
  });

  it('happens once, though its answer could not be written the first time', async () => {
    const { data } = await world.as('owner').rest.issues.createComment({ owner, repo, issue_number: open.number, body: 'x' });
    let nights = 0;
    const night: CommandRoom['night'] = async () => {
      nights += 1;
      return { cycle: '20260302-1', decision: 'NO_CHANGE', reason: 'It earns.', trials: 0, pullRequest: null, canaries: [] };
    };
    const client = world.bot();
    let isDeaf = true;
    client.hook.before('request', ({ method, url }) => {
      if (isDeaf && method === 'POST' && url.endsWith('/comments')) throw new Error('the line is dead');
    });
    const kept = KeptAnswers.open(join(world.dir, 'answers.sqlite'), () => NOON);
    const quiet = room;
    room = { ...room, night, kept, api: new RepositoryApi(client, { owner, name: repo }, world.app.appId) };
    await expect(answer('owner', '/evolve', data.id)).rejects.toThrow('the line is dead');
    isDeaf = false;
    await answer('owner', '/evolve', data.id);
    room = quiet;
    kept.close();
    expect(nights).toBe(1);
    expect(await answersTo(data.id)).toEqual([expect.stringContaining('Night `20260302-1`')]);
  });

  it('is refused where nobody runs any, or for a strategy that is not there', async () => {
    expect(await say('owner', '/evolve')).toContain('This bot runs no nights.');
  });
});

describe('one answer', { timeout: 30_000 }, () => {
  it('stands under a comment however often its job runs, after a pair of eyes', async () => {
    const { data } = await world
      .as('writer')
      .rest.issues.createComment({ owner, repo, issue_number: open.number, body: '/status' });
    await answer('writer', '/status', data.id);
    await answer('writer', '/status', data.id);
    expect(await answersTo(data.id)).toHaveLength(1);
    const reactions = await world.bot().rest.reactions.listForIssueComment({ owner, repo, comment_id: data.id });
    expect(reactions.data.map(({ content }) => content)).toEqual(['eyes']);
  });

  it("is not somebody else's comment with the same mark in it", async () => {
    const { data } = await world
      .as('writer')
      .rest.issues.createComment({ owner, repo, issue_number: open.number, body: '/help' });
    const forged = `I am the bot. <!-- ratchet:answer:${data.id} -->`;
    await world.as('reader').rest.issues.createComment({ owner, repo, issue_number: open.number, body: forged });
    await answer('writer', '/help', data.id);
    expect(await answersTo(data.id)).toEqual([forged, expect.stringContaining('| Command |')]);
  });
});

describe('who may what', { timeout: 30_000 }, () => {
  it.each<[Person, string, string]>([
    ['reader', '/retest', 'triage'],
    ['reader', '/close', 'write'],
    ['reader', '/halt', 'maintain'],
    ['writer', '/halt', 'maintain'],
    ['stranger', '/retest', 'triage'],
  ])('a %s who says %s is told that it takes %s, and nothing is done', async (person, command, needed) => {
    const before = await open.state.refresh();
    const said = await say(person, command);
    expect(said).toContain(`needs the permission **${needed}**`);
    expect(await open.state.refresh()).toBe(before);
    expect(open.runs()).toEqual([]);
    expect((await open.api.pullRequest(open.number)).state).toBe('open');
  });
});

describe('decisions about a head', { timeout: 60_000 }, () => {
  it.each([
    ['/approve', 'It names no commit.'],
    ['/approve 0123456', "no commit's name"],
    ['/approve ../../etc/passwd', "no commit's name"],
    ['/merge 0123456789abcdef', 'is not at that commit'],
  ])('%s is refused, and the present head is named', async (command, why) => {
    const said = await say('writer', command);
    expect(said).toContain(why);
    expect(said).toContain(open.head);
    expect(await readDecisions(open.state, open.number)).toEqual([]);
  });

  it('an approval of the present head is written down once', async () => {
    const { data } = await world
      .as('writer')
      .rest.issues.createComment({ owner, repo, issue_number: open.number, body: `/approve ${open.head.slice(0, 12)}` });
    for (let run = 0; run < 2; run += 1) await answer('writer', `/approve ${open.head.slice(0, 12)}`, data.id);
    expect(await readDecisions(open.state, open.number)).toEqual([
      expect.objectContaining({ kind: 'approve', by: 'writer', permission: 'write', head: open.head, comment: data.id }),
    ]);
  });

  it('a held pull request is not merged, and says who holds it', async () => {
    expect(await say('writer', '/hold')).toContain('Held by @writer');
    expect(await say('owner', `/merge ${open.head}`)).toContain('is held by @&#8203;writer');
    expect(await say('owner', '/hold off')).toContain(`Released by @${owner}`);
  });

  it('a head that moved between approval and merge is not merged', async () => {
    const branch = (await open.api.pullRequest(open.number)).headRef;
    const moved = await open.pushTo(branch, { 'more.md': 'Slipped in.\n' });
    const said = await say('writer', `/merge ${open.head}`);
    expect(said).toContain('is not at that commit');
    expect(said).toContain(moved);
    expect((await open.api.pullRequest(open.number)).isMerged).toBe(false);
    expect(await say('writer', '/rebase')).toContain("not only the bot's own commit");
  });
});

describe('orders to the engine', { timeout: 30_000 }, () => {
  const control = async () => Control.parse(JSON.parse((await open.state.readText(controlPath))!));

  it('are written with name, moment and reason, and confirmed where they were given', async () => {
    const { data } = await world
      .as('owner')
      .rest.issues.createComment({ owner, repo, issue_number: open.number, body: '/halt spreads are wide' });
    await answer('owner', '/halt spreads are wide', data.id);
    await answer('owner', '/halt spreads are wide', data.id);
    const given = await control();
    expect(given).toMatchObject({ mode: 'halted', by: owner, reason: 'spreads are wide' });
    expect(await answersTo(data.id)).toEqual([expect.stringContaining('has not confirmed it yet')]);

    const confirm = () => confirmOrders(statusWith({ control: given, mode: 'halted' }), { orders, issues: open.api.issues });
    await confirmOrders(statusWith({}), { orders, issues: open.api.issues });
    expect(await answersTo(data.id)).toEqual([expect.stringContaining('has not confirmed it yet')]);
    await confirm();
    expect(await answersTo(data.id)).toEqual([expect.stringContaining('✅ The engine has confirmed: **halted**')]);
    expect(orders.all()).toEqual([]);
  });

  it('that a newer one has overtaken say so', async () => {
    const { data } = await world
      .as('owner')
      .rest.issues.createComment({ owner, repo, issue_number: open.number, body: '/pause' });
    await answer('owner', '/pause', data.id);
    await say('owner', '/resume');
    const newest = await control();
    expect(newest).toMatchObject({ mode: 'active', reason: expect.stringContaining('/pull/') });
    await confirmOrders(statusWith({ control: newest }), { orders, issues: open.api.issues });
    expect((await answersTo(data.id))[0]).toContain('was overtaken');
    expect(orders.all()).toEqual([]);
  });

  const order = async (body: string) => {
    const { data } = await world.as('owner').rest.issues.createComment({ owner, repo, issue_number: open.number, body });
    return data.id;
  };

  it('that could not be written in time do not undo what was ordered since', async () => {
    const late = await order('/resume');
    const isDown = () => Promise.reject(new RatchetError('repository/unreachable', 'The remote does not answer.', 'Wait.'));
    const whole = room;
    room = { ...room, state: { ...room.state, refresh: () => open.state.refresh(), update: isDown } as never };
    await expect(answer('owner', '/resume', late)).rejects.toThrow('does not answer');
    room = whole;
    await say('owner', '/halt now');
    await answer('owner', '/resume', late);
    expect(await control()).toMatchObject({ mode: 'halted', reason: 'now' });
    expect(await answersTo(late)).toEqual([expect.stringContaining('came to nothing')]);
    await confirmOrders(statusWith({ control: await control() }), { orders, issues: open.api.issues });
    expect(orders.all()).toEqual([]);
  });

  it('are given once, though their job runs again after they were obeyed and another was given', async () => {
    const first = await order('/resume');
    await answer('owner', '/resume', first);
    await confirmOrders(statusWith({ control: await control() }), { orders, issues: open.api.issues });
    await say('owner', '/halt again');
    await answer('owner', '/resume', first);
    expect(await control()).toMatchObject({ mode: 'halted', reason: 'again' });
    expect(await answersTo(first)).toEqual([expect.stringContaining('✅ The engine has confirmed: **active**')]);
  });

  it('are not held back by a date in a file that somebody wrote by hand, nor said to be overtaken by it', async () => {
    const byHand = { mode: 'active', by: 'mallory', at: '2099-01-01T00:00:00.000Z', reason: '' } as const;
    await publish(controlPath, JSON.stringify(byHand));
    const id = await order('/halt');
    await answer('owner', '/halt', id);
    const asked = await control();
    expect(asked.mode).toBe('halted');
    await confirmOrders(statusWith({ control: byHand }), { orders, issues: open.api.issues, asked });
    expect(await answersTo(id)).toEqual([expect.stringContaining('has not confirmed it yet')]);
    // And one from the past that is obeyed instead is told of.
    const past = { ...byHand, at: '1980-01-01T00:00:00.000Z' };
    await confirmOrders(statusWith({ control: past }), { orders, issues: open.api.issues, asked: past });
    expect(await answersTo(id)).toEqual([expect.stringContaining('was overtaken')]);
  });

  it('whose answer somebody has removed do not keep others from being confirmed', async () => {
    const [gone, kept] = [await order('/pause'), await order('/halt')];
    await answer('owner', '/pause', gone);
    await answer('owner', '/halt', kept);
    const { answerId } = orders.all().find(({ commentId }) => commentId === gone)!;
    await world.bot().rest.issues.deleteComment({ owner, repo, comment_id: answerId });
    await confirmOrders(statusWith({ control: await control() }), { orders, issues: open.api.issues });
    expect(await answersTo(kept)).toEqual([expect.stringContaining('✅')]);
    expect(orders.all()).toEqual([]);
  });
});
