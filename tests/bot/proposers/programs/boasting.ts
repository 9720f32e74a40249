import type { Proposer } from '#bot/proposers/proposer.ts';

/** Claims a number in a field that a claim does not have. */
const boasting: Proposer = {
  name: 'evolution',
  async propose({ incumbent }) {
    const claim = { kind: 'TWEAK' as const, hypothesis: 'Trust me.', changes: ['a'], proposer: 'evolution' as const, sharpe: 9 };
    return [{ files: incumbent, claim }];
  },
};
export default boasting;
