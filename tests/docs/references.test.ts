import { describe, expect, it } from 'vitest';
import { createProgram } from '#bot/cli/program.ts';
import { shapeOf } from '#bot/gates/docs/command-shape.ts';
import { findBrokenReferences } from '#bot/gates/docs/find-broken-references.ts';
import { thisTree } from './documents.ts';

const tree = thisTree();
const broken = findBrokenReferences(tree, shapeOf(createProgram()));

describe('as the docs gate reads this checkout', () => {
  it.each([...tree.documents.keys()])('%s names only what is there', (path) => {
    expect(broken.filter((reference) => reference.path === path)).toEqual([]);
  });

  it('the documents people start from are among them', () => {
    expect([...tree.documents.keys()]).toEqual(
      expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/ops/README.md', 'strategies/README.md']),
    );
  });
});
