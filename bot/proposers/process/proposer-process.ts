import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Evaluation, Proposal, Proposer, ProposerTask } from '#bot/proposers/proposer.ts';
import { RatchetError } from '#engine/errors.ts';
import { FromProposer, type SentEvaluation, sent, type ToProposer } from './messages.ts';
import { bundled, startProcess } from './start-process.ts';

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url));

/** Native code cannot be bundled: the parser is read from disk, and its folders are all the process may read. */
const READ_FROM_DISK = ['oxc-parser', '@oxc-parser', '@oxc-project'];
const MEMORY_MB = 1_024;
/** A proposer that is owed nothing and says nothing for so long is taken for dead. */
const SILENCE_MS_MAX = 15 * 60_000;

export interface ProposerProgram {
  readonly name: Proposer['name'];
  /** Path of the module whose default export is the Proposer. */
  readonly module: string;
  /** Told of each process that is started. */
  readonly onStart?: (pid: number) => void;
}

/** Evolution in a process of its own. */
export const EVOLUTION: ProposerProgram = {
  name: 'evolution',
  module: fileURLToPath(new URL('../evolution/program.ts', import.meta.url)),
};

/**
 * A proposer in a process of its own, which is told the task and the answers to its questions and holds nothing else: no candle
 * has ever been in its memory, no file but its parser can be opened in it, it starts no process and no thread, its environment is
 * empty. The backtests it asks for run in sandboxes that are not its own.
 *
 * That the disk is closed is Node's permission model, which promises nothing against a program that sets out to break it: what keeps
 * held-out data from such a one is the vault, and that selection answers through a threshold.
 */
export function proposerProcess(program: ProposerProgram): Proposer {
  return {
    name: program.name,
    async propose(task) {
      const child = await start(program);
      try {
        return await converse(child, task);
      } finally {
        child.kill('SIGKILL');
      }
    },
  };
}

async function start({ module, onStart }: ProposerProgram): Promise<ChildProcess> {
  const code = await bundled(
    `import { serve } from ${JSON.stringify(SERVE)};\nimport proposer from ${JSON.stringify(module)};\nserve(proposer);`,
    ['oxc-parser'],
  );
  const options = { readFromDisk: READ_FROM_DISK, mayUseNetwork: false, memoryMb: MEMORY_MB, serialization: 'advanced' } as const;
  const child = startProcess(code, options);
  if (child.pid !== undefined) onStart?.(child.pid);
  return child;
}

/** Puts the task, answers questions, and waits for the proposal. */
function converse(child: ChildProcess, task: ProposerTask): Promise<Proposal> {
  return new Promise((resolve, reject) => {
    let lastWords = '';
    let owed = 0;
    let isOver = false;
    let silence: NodeJS.Timeout | undefined;
    const settle = (conclude: () => void): void => {
      isOver = true;
      clearTimeout(silence);
      conclude();
    };
    const tell = (message: ToProposer): void => {
      if (isOver || !child.connected) return;
      child.send(message);
      listen();
    };
    const listen = (): void => {
      clearTimeout(silence);
      if (owed === 0) silence = setTimeout(() => settle(() => reject(silent())), SILENCE_MS_MAX);
    };
    const answer = async (message: Extract<FromProposer, { kind: 'evaluate' }>): Promise<void> => {
      owed += 1;
      clearTimeout(silence);
      const evaluations = await Promise.all(message.questions.map(({ files, label }) => task.evaluate(files, label)));
      owed -= 1;
      tell({ kind: 'evaluated', batch: message.batch, evaluations: evaluations.map(sentEvaluation) });
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-1_000);
    });
    child.once('error', (error) => settle(() => reject(died(error.message))));
    child.once('close', (code, signal) => {
      if (!isOver) settle(() => reject(died(lastWords.trim().split('\n').at(-1) || `it ended with ${signal ?? `exit ${code}`}`)));
    });
    child.on('message', (raw) => {
      if (isOver) return;
      const message = FromProposer.safeParse(raw);
      if (!message.success) return settle(() => reject(rubbish(message.error.issues[0])));
      switch (message.data.kind) {
        case 'evaluate':
          // Not a word more is heard from one that a question has failed: the night ends with that error.
          return void answer(message.data).catch((error: unknown) => settle(() => reject(error)));
        case 'proposed': {
          const { candidates, reason } = message.data;
          return settle(() => resolve({ candidates, reason }));
        }
        case 'failed': {
          const why = message.data.message;
          return settle(() => reject(died(why)));
        }
        default:
          return message.data satisfies never;
      }
    });
    tell({
      kind: 'task',
      incumbent: new Map(task.incumbent),
      incumbentResult: sent(task.incumbentResult),
      trials: task.trials,
      seed: task.seed,
      candles: task.candles,
    });
  });
}

function sentEvaluation(evaluation: Evaluation): SentEvaluation {
  return evaluation.outcome === 'rejected' ? evaluation : { outcome: 'scored', result: sent(evaluation.result) };
}

function died(why: string): RatchetError {
  return new RatchetError(
    'proposer/failed',
    `The proposer ended without a proposal: ${why}.`,
    'The night is found in the ledger and taken up again.',
  );
}

function silent(): RatchetError {
  return died(`it said nothing for ${SILENCE_MS_MAX / 60_000} minutes`);
}

function rubbish(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): RatchetError {
  return died(`it said something that is no message: ${issue?.path.join('.')}: ${issue?.message}`);
}
