import type { Proposer } from '#bot/proposers/proposer.ts';

const throwing: Proposer = { name: 'evolution', propose: () => Promise.reject(new Error('no idea today')) };
export default throwing;
