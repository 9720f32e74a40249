import type { Evaluation, Proposer, StrategyFiles } from '#bot/proposers/proposer.ts';
import { digestOfJson } from '#engine/attestation/canonical.ts';
import type { BacktestResult } from '#engine/backtest/types.ts';
import type { FromProposer, SentEvaluation, SentResult, ToProposer } from './messages.ts';

type Question = Extract<FromProposer, { kind: 'evaluate' }>['questions'][number];

interface Waiting {
  readonly question: Question;
  readonly answer: (evaluation: Evaluation) => void;
}

/** Runs a proposer at this end of the channel: the whole of what its process does. Ends with the process at the other end. */
export function serve(proposer: Proposer): void {
  const batches = new Map<number, readonly Waiting[]>();
  let gathering: Waiting[] = [];
  let next = 0;
  const flush = (): void => {
    const batch = next;
    next += 1;
    batches.set(batch, gathering);
    say({ kind: 'evaluate', batch, questions: gathering.map(({ question }) => question) });
    gathering = [];
  };
  /** What is asked in one go goes out as one message: which questions belong together must not depend on timing. */
  const evaluate = (files: StrategyFiles, label: string): Promise<Evaluation> =>
    new Promise((answer) => {
      if (gathering.length === 0) queueMicrotask(flush);
      gathering.push({ question: { files: new Map(files), label }, answer });
    });
  process.on('message', (message: ToProposer) => {
    if (message.kind === 'evaluated') {
      const waiting = batches.get(message.batch) ?? [];
      batches.delete(message.batch);
      for (const [index, { answer }] of waiting.entries()) answer(revived(message.evaluations[index]!));
      return;
    }
    const { incumbent, incumbentResult, trials, seed, candles } = message;
    void proposer.propose({ incumbent, incumbentResult: withDigest(incumbentResult), trials, seed, candles, evaluate }).then(
      ({ candidates, reason }) =>
        say({
          kind: 'proposed',
          candidates: candidates.map(({ files, claim }) => ({
            files: new Map(files),
            claim: { ...claim, changes: [...claim.changes] },
          })),
          reason,
        }),
      (error: unknown) =>
        say({ kind: 'failed', message: (error instanceof Error ? error.message : String(error)).slice(0, 2_000) }),
    );
  });
  process.once('disconnect', () => process.exit());
}

function say(message: FromProposer): void {
  process.send!(message);
}

function revived(evaluation: SentEvaluation): Evaluation {
  return evaluation.outcome === 'rejected' ? evaluation : { outcome: 'scored', result: withDigest(evaluation.result) };
}

function withDigest(result: SentResult): BacktestResult {
  const { metrics, trades, equity, decisions } = result;
  let resultDigest: string | undefined;
  return {
    ...result,
    get resultDigest() {
      resultDigest ??= digestOfJson({ metrics, trades, equity, decisions });
      return resultDigest;
    },
  };
}
