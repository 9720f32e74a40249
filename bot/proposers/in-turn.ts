import type { Proposer, ProposerTask } from './proposer.ts';

/**
 * Several proposers as one: each is asked after the one before, with the trials that one has left over, and what the first found stands
 * first.
 * @param firstTrials the most that the first may spend, so that it leaves the others some
 */
export function inTurn(proposers: readonly Pick<Proposer, 'propose'>[], firstTrials: number): Pick<Proposer, 'propose'> {
  return {
    async propose(task) {
      const candidates = [];
      const reasons: string[] = [];
      let left = task.trials;
      for (const [index, proposer] of proposers.entries()) {
        const trials = index === 0 ? Math.min(left, firstTrials) : left;
        const evaluate: ProposerTask['evaluate'] = (...question) => {
          left -= 1;
          return task.evaluate(...question);
        };
        const proposal = await proposer.propose({ ...task, trials, evaluate });
        candidates.push(...proposal.candidates);
        if (proposal.reason !== null) reasons.push(proposal.reason);
      }
      return { candidates, reason: reasons.length === 0 ? null : reasons.join(' ') };
    },
  };
}
