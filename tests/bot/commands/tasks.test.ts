import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { CommandRoom } from '#bot/commands/command.ts';
import { KeptAnswers } from '#bot/commands/kept-answers.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { RepositoryApi } from '#bot/github/repository-api.ts';
import { owner, repo } from '#tests/bot/forge/forge-under-test.ts';
import { FOLDER, HEAD_REF, ID } from '#tests/bot/orchestrator/life/proposal-world.ts';
import { samplePack } from '#tests/support/sample-pack.ts';
import { type CommandWorld, createCommandWorld, NOON } from './command-world.ts';

/** One rule that holds, one that warns, and one that denies until somebody moves main. */
const rules = (leastTrades: number): string =>
  stringify({
    policies: [
      {
        name: 'earns',
        matchConstraints: { paths: ['strategies/*/**'] },
        validations: [
          {
            reason: 'more',
            expression: 'evidence.selection.candidate.netReturn > evidence.selection.incumbent.netReturn',
            message: 'It earns no more.',
          },
          {
            reason: 'often',
            expression: `evidence.selection.candidate.trades >= ${leastTrades.toFixed(1)}`,
            message: 'It trades too *seldom*.',
          },
        ],
      },
      {
        name: 'luck',
        failureAction: 'warn',
        matchConstraints: { paths: ['strategies/*/**'] },
        validations: [
          { reason: 'sure', expression: 'evidence.statistics.deflatedSharpe > 2.0', message: 'Nobody is that sure.' },
        ],
      },
    ],
  });

let open: CommandWorld;
beforeAll(async () => {
  open = await createCommandWorld('propose', { policies: { 'policies/gates.yaml': rules(1_000) } });
}, 60_000);
afterAll(() => open?.close());

const quietNight = (trials: number) => ({
  cycle: '20260302-1',
  decision: 'NO_CHANGE',
  reason: 'It earns.',
  trials,
  pullRequest: null,
  made: null,
  canaries: [],
});

describe('/evolve', () => {
  it('tells whoever runs nights the wish as it was said, and its end is the answer', async () => {
    const asked: unknown[] = [];
    const night: CommandRoom['night'] = async ({ say: show, ...request }) => {
      asked.push(request);
      await show('observe: nothing yet');
      return quietNight(17);
    };
    const id = await open.comment('owner', 'x');
    await open.answer('owner', '/evolve strategy=ema-cross trade less', id, { with: { night } });
    expect(asked).toEqual([{ strategy: ID, hint: { by: owner, text: 'trade less', isTold: true }, askedIn: { comment: id } }]);
    expect(await open.answersTo(id)).toEqual([
      expect.stringContaining('Night `20260302-1` for ema-cross: **NO_CHANGE**. It earns. 17 trials were made;'),
    ]);
  });

  it('is had by whoever may not write here too, whose wish is written down and not told to a model', async () => {
    const asked: unknown[] = [];
    const night: CommandRoom['night'] = async ({ hint }) => {
      asked.push(hint);
      return quietNight(0);
    };
    open.world.forge.setPermission(owner, repo, 'reader', 'triage');
    const said = await open.tell('reader', '/evolve trade less', { with: { night } });
    expect(asked).toEqual([{ by: 'reader', text: 'trade less', isTold: false }]);
    expect(said).toContain('The hint is written down; a model is told only of what people say who may write here.');
  });

  it('lets it happen once, though its answer could not be written the first time', async () => {
    const id = await open.comment('owner', 'x');
    let nights = 0;
    const night: CommandRoom['night'] = async () => {
      nights += 1;
      return quietNight(0);
    };
    const client = open.world.bot();
    let isDeaf = true;
    client.hook.before('request', ({ method, url }) => {
      if (isDeaf && method === 'POST' && url.endsWith('/comments')) throw new Error('the line is dead');
    });
    const kept = KeptAnswers.open(join(open.world.dir, 'answers.sqlite'), () => NOON);
    const api = new RepositoryApi(client, { owner, name: repo }, open.world.app.appId);
    const lent = { with: { night, kept, api } };
    await expect(open.answer('owner', '/evolve', id, lent)).rejects.toThrow('the line is dead');
    isDeaf = false;
    await open.answer('owner', '/evolve', id, lent);
    kept.close();
    expect(nights).toBe(1);
    expect(await open.answersTo(id)).toEqual([expect.stringContaining('Night `20260302-1`')]);
  });

  it('is refused where nobody runs any', async () => {
    expect(await open.say('owner', '/evolve')).toContain('This bot runs no nights.');
  });
});

describe('/explain', () => {
  it('says which rule decides on the present head, with the values it saw, and changes nothing', async () => {
    const before = await open.traces();
    const said = await open.say('owner', '/explain');
    const [head, base] = [open.head, open.base].map((commit) => commit.slice(0, 12));
    expect(said).toContain(`\`${head}\` on \`${base}\`: **denied**. What the other gates say is not signed yet`);
    expect(said.split('\n').filter((line) => /^- (✅|❌|⚠️)/u.test(line))).toEqual([
      '- ✅ `earns/more`',
      '- ❌ `earns/often`: It trades too \\*seldom\\*.',
      '- ⚠️ `luck/sure`: Nobody is that sure.',
    ]);
    // As the evidence of the head has them.
    const { candidate, incumbent } = samplePack();
    const values = {
      'evidence.selection.candidate.netReturn': candidate.selection.metrics.netReturn,
      'evidence.selection.incumbent.netReturn': incumbent.selection.metrics.netReturn,
      'evidence.selection.candidate.trades': candidate.selection.metrics.trades,
    };
    for (const [name, value] of Object.entries(values)) expect(said).toContain(`- \`${name}\` = \`${JSON.stringify(value)}\``);
    expect(await open.traces()).toEqual(before);
  });

  it('judges by the policies that main has now', async () => {
    const tip = await open.moveMain({ 'policies/gates.yaml': rules(20) });
    const said = await open.say('owner', '/explain');
    expect(said).toContain(`on \`${tip.slice(0, 12)}\`: **allowed**.`);
    expect(said).toContain('- ✅ `earns/often`');
  });
});

describe('/rebase', { timeout: 60_000 }, () => {
  it('makes the commit again on the present main, and says from where to where', async () => {
    const tip = await open.moveMain({ 'README.md': 'Another page.\n' });
    const said = await open.say('owner', '/rebase');
    const { headSha } = await open.api.pullRequest(open.number);
    expect(headSha).not.toBe(open.head);
    expect(said).toContain(`Rebased: \`${open.head.slice(0, 12)}\` → \`${headSha}\`. Its evidence holds on the present main`);
    await open.clone.git('fetch', '--quiet', 'origin', HEAD_REF);
    expect((await open.clone.git('rev-parse', `${headSha}^`)).trim()).toBe(tip);
    const { repository } = open;
    const treeAt = async (commit: string) => repository.treeOf(await repository.require(commit), FOLDER);
    expect(await treeAt(headSha)).toBe(await treeAt(open.head));
  });

  it('does nothing where it stands on the present main', async () => {
    const before = await open.traces();
    expect(await open.say('owner', '/rebase')).toContain(`${open.number} stands on the present main. Nothing was done.`);
    expect(await open.traces()).toEqual(before);
  });
});

describe('/retest', { timeout: 60_000 }, () => {
  it('runs every gate on the present head and main, and says of each what the forge shows', async () => {
    const { headSha } = await open.api.pullRequest(open.number);
    const tip = (await open.clone.git('rev-parse', 'main')).trim();
    for (const run of [1, 2]) {
      const said = await open.say('owner', '/retest');
      expect(said).toContain(`All gates passed; a person decides. Head \`${headSha}\`.`);
      const shown = Object.fromEntries([...said.matchAll(/^\| ([a-z]+) \| ([a-z]+) \|$/gm)].map(([, gate, how]) => [gate, how]));
      expect(Object.keys(shown).toSorted()).toEqual([...GATE_NAMES, FINAL_GATE].toSorted());
      expect(await open.api.checkConclusions(headSha)).toEqual(shown);
      expect(open.runs()).toEqual(Array(run).fill(`${tip} ${headSha} bot`));
    }
  });

  it('writes a description again that somebody has edited', async () => {
    const { title, body } = await open.api.pullRequest(open.number);
    await open.world.as('owner').rest.pulls.update({ owner, repo, pull_number: open.number, title: 'Trust me' });
    expect(await open.say('owner', '/retest')).toContain('All gates passed');
    expect(await open.api.pullRequest(open.number)).toMatchObject({ title, body });
  });
});

describe("a person's commit on the bot's branch", { timeout: 60_000 }, () => {
  it('is never rewritten', async () => {
    const theirs = await open.pushTo(HEAD_REF, { 'more.md': 'Mine.\n' });
    await open.moveMain({ 'README.md': 'A third page.\n' });
    const before = await open.traces();
    const said = await open.say('owner', '/rebase');
    expect(said).toContain("not only the bot's own commit");
    expect(said).toContain(theirs.slice(0, 12));
    expect(await open.traces()).toEqual(before);
  });
});
