import type { Proposer } from '#bot/proposers/proposer.ts';

const dying: Proposer = { name: 'evolution', propose: () => process.exit(3) };
export default dying;
