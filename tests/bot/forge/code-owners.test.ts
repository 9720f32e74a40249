import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, owner, refusal, repo, seed, type World } from './forge-under-test.ts';

describe('what the forge has against code owners', () => {
  let world: World;
  const errors = async (ref: string) => (await world.as('reader').repos.codeownersErrors({ owner, repo, ref })).data.errors;
  beforeAll(async () => {
    world = await createWorld();
    await seed(world, {
      good: { '.github/CODEOWNERS': '* @octo @writer ada@example.org\n', CODEOWNERS: '* @nobody\n' },
      bad: { CODEOWNERS: '* @octo\n/policies/ @octo @reader\n/docs/ @octo-org/desk # ours\n!/docs/ @octo\n' },
    });
  });
  afterAll(async () => {
    await world.close();
    world.contract.assertKept();
  });

  it('is nothing where all of them may write, and only the first file counts', async () => {
    expect(await errors('good')).toEqual([]);
  });

  it('names line, column and kind, as GitHub does', async () => {
    expect(await errors('bad')).toMatchObject([
      {
        line: 2,
        column: 18,
        kind: 'Unknown owner',
        suggestion: 'make sure @reader exists and has write access to the repository',
      },
      { line: 3, column: 8, kind: 'Unknown owner', suggestion: expect.stringContaining('the team @octo-org/desk exists') },
      {
        line: 4,
        column: 1,
        kind: 'Invalid pattern',
        path: 'CODEOWNERS',
        message: expect.stringContaining('\n\n  !/docs/ @octo\n  ^'),
      },
    ]);
  });

  it('cannot be asked where there is no such file', async () => {
    expect(await refusal(errors('main'))).toMatchObject({ status: 404 });
  });
});
