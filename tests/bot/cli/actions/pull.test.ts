import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { actionsCommand } from '#bot/cli/actions.ts';

/** The step of sign.yml that looks for the pull request to prove, where GitHub answers with pull requests from anywhere. */

const head = 'a'.repeat(40);
const from = (repository: string | null) => ({
  number: 7,
  state: 'open',
  user: { type: 'User' },
  base: { ref: 'main', repo: { full_name: 'octo/strategies' } },
  head: { ref: 'mine', sha: head, repo: repository === null ? null : { full_name: repository } },
});

describe('ratchet actions pull', () => {
  let server: Server;
  let answer: readonly object[];
  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('GITHUB_OUTPUT', '');
    vi.stubEnv('GITHUB_REPOSITORY', 'octo/strategies');
    vi.stubEnv('GITHUB_API_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('RATCHET_API_TOKEN', 'a token');
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['finds one from a branch of this repository', [from('octo/strategies')], 'number=7'],
    ['finds none from a fork, whose author may not spend what is held out', [from('stranger/strategies')], 'number='],
    ['finds none from a fork that is gone', [from(null)], 'number='],
    [
      'finds its own beside one from a fork',
      [{ ...from('stranger/strategies'), number: 3 }, from('octo/strategies')],
      'number=7',
    ],
  ])('%s', async (_what, pulls, line) => {
    answer = pulls;
    const said: string[] = [];
    const print = vi.spyOn(console, 'log').mockImplementation((text: string) => said.push(text));
    await actionsCommand().parseAsync(['pull', '--head', head], { from: 'user' });
    print.mockRestore();
    expect(said[0]).toBe(line);
  });
});
