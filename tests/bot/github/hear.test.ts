import { describe, expect, it } from 'vitest';
import { hear } from '#bot/github/hear.ts';

const NOW = Date.UTC(2026, 0, 31);
const listener = { owner: 'octo', name: 'strategies', login: 'ratchet[bot]' };
const repository = { name: 'strategies', default_branch: 'main', owner: { login: 'octo' } };
const person = { login: 'reviewer', type: 'User' };
const bot = { login: 'ratchet[bot]', type: 'Bot' };
const at = '2026-01-30T12:00:00Z';

const comment = (changes: object = {}) => ({
  action: 'created',
  sender: person,
  repository,
  issue: { number: 3, pull_request: { url: 'x' } },
  comment: { id: 9, body: '/status', user: person, created_at: at, updated_at: at },
  ...changes,
});
const pull = (changes: object = {}, text: object = {}) => ({
  action: 'opened',
  sender: person,
  repository,
  pull_request: { number: 3, title: 'T', body: null, head: { sha: 'a1' }, base: { ref: 'main' }, ...text },
  ...changes,
});
const jobsOf = (name: string, payload: unknown) => hear(name, payload, listener, NOW).map(({ job }) => job);

describe('what webhooks ask for', () => {
  it('is an answer, when a person comments', () => {
    expect(jobsOf('issue_comment', comment())).toEqual([
      { kind: 'comment', number: 3, commentId: 9, author: 'reviewer', body: '/status', isPullRequest: true },
    ]);
    expect(jobsOf('issue_comment', comment({ issue: { number: 3 } }))).toMatchObject([{ isPullRequest: false }]);
  });

  const written = comment().comment;
  it.each([
    ['that was edited', comment({ action: 'edited' })],
    ['that was edited before it was told', comment({ comment: { ...written, updated_at: '2026-01-30T12:00:01Z' } })],
    ['that was deleted', comment({ action: 'deleted' })],
    ['of the bot itself', comment({ sender: bot, comment: { ...written, user: bot } })],
    ['of any other bot', comment({ comment: { ...written, user: { login: 'ci[bot]', type: 'Bot' } } })],
    ['of an account that is gone', comment({ comment: { ...written, user: null } })],
    [
      'that is older than deliveries are remembered',
      comment({ comment: { ...written, created_at: '2025-12-01T00:00:00Z', updated_at: '2025-12-01T00:00:00Z' } }),
    ],
    ['in another repository', comment({ repository: { ...repository, name: 'other' } })],
    ['in a repository of that name of somebody else', comment({ repository: { ...repository, owner: { login: 'mallory' } } })],
  ])('is nothing for a comment %s', (_which, payload) => {
    expect(jobsOf('issue_comment', payload)).toEqual([]);
  });

  it('is a proof when a pull request is opened, pushed to, edited or opened again, also by the bot', () => {
    for (const action of ['opened', 'synchronize', 'edited', 'reopened'])
      expect(jobsOf('pull_request', pull({ action }))).toEqual([{ kind: 'gates', number: 3 }]);
    expect(jobsOf('pull_request', pull({ sender: bot }))).toEqual([{ kind: 'gates', number: 3 }]);
    expect(jobsOf('pull_request', pull({ action: 'labeled' }))).toEqual([]);
  });

  it('is another dashboard when one is closed, unless the bot closed it and knows', () => {
    expect(jobsOf('pull_request', pull({ action: 'closed' }))).toEqual([{ kind: 'dashboard' }]);
    expect(jobsOf('pull_request', pull({ action: 'closed', sender: bot }))).toEqual([]);
  });

  it('is no proof of a text that the bot has just written, but it is remembered', () => {
    const [own] = hear('pull_request', pull({ action: 'edited', sender: bot }, { body: 'B' }), listener, NOW);
    const [seen] = hear('pull_request', pull({}, { body: 'B' }), listener, NOW);
    expect(own?.job).toBeNull();
    expect(own?.sighting).toEqual(seen?.sighting);
  });

  it('tells states of a pull request apart by head, base, title and text', () => {
    const stateOf = (text: object) => hear('pull_request', pull({}, text), listener, NOW)[0]?.sighting?.state;
    const states = [{}, { head: { sha: 'a2' } }, { base: { ref: 'x' } }, { title: 'U' }, { body: 'B' }].map(stateOf);
    expect(new Set(states).size).toBe(5);
    expect(stateOf({ body: '' })).toBe(stateOf({ body: null }));
  });

  it('is a look at what moved, for the two branches the bot follows', () => {
    const push = (ref: string) => jobsOf('push', { ref, after: 'c'.repeat(40), sender: bot, repository });
    expect(push('refs/heads/main')).toEqual([{ kind: 'main-moved' }]);
    expect(push('refs/heads/ratchet/state')).toEqual([{ kind: 'state-moved' }]);
    expect([...push('refs/heads/evolve/x'), ...push('refs/tags/main')]).toEqual([]);
    // Nothing else follows another default branch, so this does not either; the doctor refuses it.
    const moved = { ref: 'refs/heads/trunk', after: 'c'.repeat(40), sender: person };
    expect(jobsOf('push', { ...moved, repository: { ...repository, default_branch: 'trunk' } })).toEqual([]);
  });

  it('is a look at the boxes of an issue that a person edited, remembered by its time', () => {
    const issue = { number: 5, body: 'B', updated_at: at };
    const edited = (sender: object) => hear('issues', { action: 'edited', sender, repository, issue }, listener, NOW);
    expect(edited(person)).toEqual([
      {
        job: { kind: 'issue-edited', number: 5, sender: 'reviewer', body: 'B', at },
        sighting: { key: `edit:5:${at}`, state: 'taken' },
      },
    ]);
    expect(edited(bot)).toEqual([]);
    const old = { ...issue, updated_at: '2025-12-01T00:00:00Z' };
    expect(jobsOf('issues', { action: 'edited', sender: person, repository, issue: old })).toEqual([]);
  });

  it('is a proof afresh when somebody asks for a check again', () => {
    const again = (sender: object) =>
      jobsOf('check_run', { action: 'rerequested', sender, repository, check_run: { pull_requests: [{ number: 7 }] } });
    expect(again(person)).toEqual([{ kind: 'gates', number: 7, isAfresh: true }]);
    expect(again(bot)).toEqual([]);
    expect(jobsOf('check_run', { action: 'completed', sender: person, repository, check_run: { pull_requests: [] } })).toEqual(
      [],
    );
  });

  it('is one proof afresh when somebody asks for all checks again', () => {
    const again = (sender: object, action = 'rerequested') =>
      jobsOf('check_suite', { action, sender, repository, check_suite: { pull_requests: [{ number: 7 }, { number: 9 }] } });
    expect(again(person)).toEqual([7, 9].map((number) => ({ kind: 'gates', number, isAfresh: true })));
    expect([...again(bot), ...again(person, 'requested'), ...again(person, 'completed')]).toEqual([]);
  });

  it("is a proof of the queue's own commit when main has a merge queue", () => {
    const group = { head_ref: 'refs/heads/gh-readonly-queue/main/pr-12-abc123', head_sha: 'h', base_sha: 'b' };
    const asks = (action: string, merge_group: object) => jobsOf('merge_group', { action, sender: bot, repository, merge_group });
    expect(asks('checks_requested', group)).toEqual([{ kind: 'merge-group', number: 12, head: 'h', base: 'b' }]);
    expect(asks('destroyed', group)).toEqual([]);
    expect(asks('checks_requested', { ...group, head_ref: 'refs/heads/pr-12' })).toEqual([]);
  });

  it('holds nobody to what stood ticked before they edited, and a title to nothing', () => {
    const issue = { number: 5, body: 'B', updated_at: at };
    const edited = (changes: object) => jobsOf('issues', { action: 'edited', sender: person, repository, issue, changes });
    expect(edited({ body: { from: 'A' } })).toMatchObject([{ sender: 'reviewer', body: 'B', before: 'A' }]);
    expect(edited({ title: { from: 'T' } })).toEqual([]);
  });

  it('is nothing for what it does not know, and an error for a payload that GitHub would not send', () => {
    expect(jobsOf('star', { action: 'created', repository, sender: person })).toEqual([]);
    expect(jobsOf('installation', { action: 'created', sender: person })).toEqual([]);
    expect(() => jobsOf('issue_comment', comment({ comment: { id: 'nine' } }))).toThrow();
  });

  it('knows accounts and repositories whatever their case', () => {
    const shouted = { ...repository, name: 'Strategies', owner: { login: 'OCTO' } };
    expect(jobsOf('issue_comment', comment({ repository: shouted }))).toHaveLength(1);
    const own = { login: 'Ratchet[bot]', type: 'User' };
    expect(jobsOf('issue_comment', comment({ sender: own, comment: { ...written, user: own } }))).toEqual([]);
  });
});
