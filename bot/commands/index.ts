import type { CommandHelp } from '#bot/evidence/render-context.ts';
import type { CommentCommand } from './command.ts';
import { approve } from './decide/approve.ts';
import { close } from './decide/close.ts';
import { hold } from './decide/hold.ts';
import { merge } from './decide/merge.ts';
import { promote } from './decide/promote.ts';
import { rollback } from './decide/rollback.ts';
import { halt } from './engine/halt.ts';
import { pause } from './engine/pause.ts';
import { reduce } from './engine/reduce.ts';
import { resume } from './engine/resume.ts';
import { nearest } from './nearest.ts';
import { helpOver } from './read/help.ts';
import { ledger } from './read/ledger.ts';
import { performance } from './read/performance.ts';
import { positions } from './read/positions.ts';
import { readiness } from './read/readiness.ts';
import { report } from './read/report.ts';
import { risk } from './read/risk.ts';
import { status } from './read/status.ts';
import { strategy } from './read/strategy.ts';
import { thoughts } from './read/thoughts.ts';
import { trades } from './read/trades.ts';
import { why } from './read/why.ts';
import { ask } from './tasks/ask.ts';
import { backtest } from './tasks/backtest.ts';
import { evolve } from './tasks/evolve.ts';
import { explain } from './tasks/explain.ts';
import { rebase } from './tasks/rebase.ts';
import { retest } from './tasks/retest.ts';

/** Every command there is, in the order people read them. */
export const COMMANDS: readonly CommentCommand[] = [
  ...[helpOver(() => COMMANDS), status, positions, trades, performance, report, risk, readiness, strategy, thoughts, why, ledger],
  ...[backtest, retest, rebase, evolve, explain, ask],
  ...[approve, merge, hold, close, promote, rollback],
  ...[pause, resume, reduce, halt],
];

/** What the foot of a pull request lists: what one does with a proposal. */
export const COMMAND_HELP: readonly CommandHelp[] = COMMANDS.filter(
  ({ needsPullRequest, name }) => needsPullRequest || name === 'backtest' || name === 'help',
).map(({ name, usage, summary }) => ({ name, usage, summary }));

export function commandNamed(name: string): CommentCommand | null {
  return COMMANDS.find((command) => command.name === name) ?? null;
}

export function nearestCommand(name: string): string | null {
  return nearest(
    name,
    COMMANDS.map((command) => command.name),
  );
}
