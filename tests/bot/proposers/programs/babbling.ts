import type { Proposer } from '#bot/proposers/proposer.ts';

const babbling: Proposer = {
  name: 'evolution',
  async propose() {
    process.send!({ kind: 'merge', number: 1 });
    return { candidates: [], reason: null };
  },
};
export default babbling;
