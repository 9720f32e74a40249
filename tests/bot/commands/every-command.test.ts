import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Invocation } from '#bot/commands/command.ts';
import { COMMANDS, commandNamed } from '#bot/commands/index.ts';
import { AUTONOMY_PATH, AutonomyPolicy } from '#bot/gates/policies.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { type CommandWorld, createCommandWorld, HELD_OUT } from './command-world.ts';
import { sampleReport } from './sample-report.ts';

/** What holds for all of them: who may, what happens to words that nobody knows, one answer for each comment. */
let open: CommandWorld;
const shipped = AutonomyPolicy.parse(parse(readFileSync(AUTONOMY_PATH, 'utf8')));
/** As people think of them, apart from the code. */
const CLASSES = {
  read: 'help status positions trades performance report risk readiness strategy thoughts why ledger'.split(' '),
  work: 'backtest retest rebase evolve explain ask'.split(' '),
  decide: 'approve merge hold close promote rollback'.split(' '),
  engine: 'pause resume reduce halt'.split(' '),
} as const;
/** Nobody who may not write here puts a question to a model, whatever the policy says. */
const TO_A_MODEL: readonly string[] = ['ask'];
const LEVELS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;

beforeAll(async () => {
  const policies = { [AUTONOMY_PATH]: stringify(shipped), 'policies/held-out.yaml': HELD_OUT };
  open = await createCommandWorld('propose', { policies });
  await open.publishReport(sampleReport());
}, 60_000);
afterAll(() => open?.close());

/** Each with words it would act on. */
const inEarnest = (name: string): string =>
  ({
    approve: `/approve ${open.head}`,
    merge: `/merge ${open.head}`,
    promote: `/promote ${ID} canary`,
    rollback: `/rollback ${ID}`,
    ask: '/ask why?',
  })[name] ?? `/${name}`;

describe('who may what', { timeout: 60_000 }, () => {
  it('is one of four classes, and every command is in one', () => {
    for (const [name, commands] of Object.entries(CLASSES))
      expect(COMMANDS.filter(({ permission }) => permission === name).map((command) => command.name)).toEqual(commands);
    expect(shipped.commands).toEqual({ read: 'read', work: 'triage', decide: 'write', engine: 'maintain' });
  });

  /** Whose permission is one below is told so, in these words, and nothing comes of it. */
  async function refusesBelow(name: keyof typeof CLASSES, needed: (typeof LEVELS)[number]): Promise<void> {
    const below = LEVELS[LEVELS.indexOf(needed) - 1]! as 'read';
    open.world.forge.setPermission(owner, repo, 'reader', below);
    const before = await open.traces();
    const night = () => Promise.reject(new Error('a night was run'));
    for (const command of CLASSES[name]) {
      const demand = TO_A_MODEL.includes(command)
        ? '**write** here (whatever policies/autonomy.yaml says)'
        : `**${needed}** here (policies/autonomy.yaml)`;
      expect(await open.tell('reader', inEarnest(command), { with: { night } })).toBe(
        `@reader, \`/${command}\` needs the permission ${demand}; yours is **${below}**. Nothing was done.`,
      );
    }
    expect(await open.traces()).toEqual(before);
  }

  it.each(['work', 'decide', 'engine'] as const)('%s is refused to whoever has one permission less', (name) =>
    refusesBelow(name, shipped.commands[name]),
  );

  it('is what main says now: a class that main closes is closed at once, reading too', async () => {
    const { number, world } = open;
    await open.moveMain({ [AUTONOMY_PATH]: stringify({ ...shipped, commands: { ...shipped.commands, read: 'triage' } }) });
    await refusesBelow('read', 'triage');
    world.forge.setPermission(owner, repo, 'reader', 'triage');
    expect(await open.tell('reader', '/strategy')).toContain('stage **paper**');
    await open.moveMain({ [AUTONOMY_PATH]: stringify(shipped) });
    world.forge.setPermission(owner, repo, 'reader', 'read');
    expect((await open.api.pullRequest(number)).state).toBe('open');
  });

  it('is refused to all, with the file to mend, while main has no policy that can be read', async () => {
    await open.moveMain({ [AUTONOMY_PATH]: 'commands: everything\n' });
    for (const body of ['/status', '/halt']) {
      const said = await open.tell('owner', body);
      expect(said).toContain(`\`${body}\` was not done. policies/autonomy.yaml cannot be read`);
      expect(said).toContain('Mend the file on main');
    }
    expect(open.orders.all()).toEqual([]);
    await open.moveMain({ [AUTONOMY_PATH]: stringify(shipped) });
  });

  it('is told to a stranger in public, under their own comment', async () => {
    const said = await open.say('stranger', `/merge ${open.head}`);
    expect(said).toContain('@stranger, `/merge` needs the permission **write** here (policies/autonomy.yaml)');
    expect((await open.api.pullRequest(open.number)).isMerged).toBe(false);
  });
});

describe('words that nobody knows', { timeout: 60_000 }, () => {
  it('are named, and what they were said to is not done', async () => {
    const alone = 'status positions trades performance report risk readiness strategy thoughts why ledger backtest';
    const rows = [
      ...`${alone} retest rebase explain approve hold close rollback`.split(' ').map((name) => `/${name} zzz`),
      ...['/hold off', `/promote ${ID}`, `/rollback ${ID}`, `/merge ${open.head}`, `/positions ${ID}`].map(
        (said) => `${said} zzz`,
      ),
      '/evolve strategy=zzz',
    ];
    const before = await open.traces();
    const night = () => Promise.reject(new Error('a night was run'));
    for (const body of rows) {
      const said = await open.tell('owner', body, { with: { night } });
      expect(said).toContain(`\`${body.split(' ')[0]}\` was not done.`);
      expect(said).toContain('"zzz"');
    }
    expect(await open.traces()).toEqual(before);
  });

  it('are those beyond what its usage names, apart from free text', () => {
    for (const { usage, wordsMax } of COMMANDS) {
      const isFree = /REASON|HINT|QUESTION|…/.test(usage);
      expect([usage, wordsMax]).toEqual([usage, isFree ? Number.POSITIVE_INFINITY : usage.split(' ').length - 1]);
    }
  });

  it('are days that are none, too', async () => {
    for (const word of ['0', '91', '-1', '1e1', '7.5'])
      expect(await open.tell('owner', `/report ${word}`)).toContain('is no number of days. Give one from 1 to 90.');
  });

  it('are shown and do not act', async () => {
    const said = await open.say('owner', '/close @everyone|#1<img>[x](http://evil.example)');
    expect(said).toContain('`/close` was not done.');
    expect(said).not.toMatch(/@\w|\|#|(?<!&)#\d|<img|\]\(|:\/\//);
    expect((await open.api.pullRequest(open.number)).state).toBe('open');
  });

  it('are taken for what was probably meant', async () => {
    expect(await open.tell('reader', '/performance ema-crss')).toContain('runs no strategy "ema-crss". Did you mean ema-cross?');
    const unknown = await open.say('reader', '/postions');
    expect(unknown).toContain('did you mean `/positions`?');
    for (const { name } of COMMANDS) expect(unknown).toContain(`\`/${name}`);
  });
});

describe('where', () => {
  it('a command that is about a pull request is refused under an issue', async () => {
    const before = await open.traces();
    const names = 'retest rebase explain approve merge hold close'.split(' ');
    expect(COMMANDS.filter(({ needsPullRequest }) => needsPullRequest).map(({ name }) => name)).toEqual(names);
    for (const name of names)
      expect(await open.tell('owner', `/${name}`, { isPullRequest: false })).toBe(
        `\`/${name}\` works on pull requests only. Nothing was done.`,
      );
    expect(await open.traces()).toEqual(before);
  });

  it('each is explained by name, with what it takes and who may', async () => {
    for (const { name, usage, help, permission, needsPullRequest } of COMMANDS) {
      const told = await commandNamed('help')!.answer({ words: [name] } as unknown as Invocation, open.room);
      expect(told).toContain(`\`${usage}\``);
      expect(told).toContain(help.split('\n')[0]);
      expect(told).toContain(needsPullRequest ? 'On pull requests only.' : 'Under any issue or pull request.');
      expect(told).toContain(`Class **${permission}**`);
    }
    expect(await open.tell('reader', '/help clsoe')).toContain('There is no `/clsoe`; did you mean `/close`?');
  });
});

describe('one answer', () => {
  it('stands under a comment however often its job runs', async () => {
    const id = await open.comment('writer', '/status');
    await open.answer('writer', '/status', id);
    await open.answer('writer', '/status', id);
    expect(await open.answersTo(id)).toHaveLength(1);
  });

  it("is not somebody else's comment with the same mark in it", async () => {
    const id = await open.comment('writer', '/help');
    const forged = `I am the bot. <!-- ratchet:answer:${id} -->`;
    await open.comment('reader', forged);
    await open.answer('writer', '/help', id);
    expect(await open.answersTo(id)).toEqual([forged, expect.stringContaining('| Command |')]);
  });
});
