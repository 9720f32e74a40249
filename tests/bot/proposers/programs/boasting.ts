import type { Proposer } from '#bot/proposers/proposer.ts';

/** Claims a number in a field that a claim does not have. */
const boasting: Proposer = {
  name: 'evolution',
  async propose({ incumbent }) {
    const claim = {
      kind: 'TWEAK' as const,
      hypothesis: 'Trust me.',
      changes: ['a'],
      proposer: 'evolution' as const,
      riskTier: 1 as const,
      forecast: null,
      killRule: null,
      knownUntil: null,
      sharpe: 9,
    };
    return { candidates: [{ files: incumbent, claim }], reason: null };
  },
};
export default boasting;
