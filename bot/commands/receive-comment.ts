import type { Job } from '#bot/github/job-queue.ts';
import { statusBehind } from '#bot/github/refusal.ts';
import type { Lane } from '#bot/github/worker.ts';
import type { CommandRoom } from './command.ts';
import { handleComment } from './handle-comment.ts';
import { commandNamed } from './index.ts';
import { parseComment } from './parse-comment.ts';

type CommentJob = Extract<Job, { kind: 'comment' }>;
type CommandJob = Extract<Job, { kind: 'command' }>;

/**
 * Shows at once that a command was heard, and does it, unless that takes long: then it waits its turn behind work of its kind, and
 * whoever wrote it need not write it again to be heard.
 * @param putOff adds a job
 * @throws whatever is wrong with the machine or the forge, to be tried again
 */
export async function receiveComment(job: CommentJob, room: CommandRoom, putOff: (job: Job) => void): Promise<void> {
  const parsed = parseComment(job.body);
  if (parsed.kind === 'ignore') return;
  if (!(await acknowledge(job, room))) return;
  if (laneOfCommand(job.body) === 'answers') await handleComment(job, room);
  else putOff({ ...job, kind: 'command' });
}

/** Does a command whose turn has come, unless its comment is gone by then. */
export async function takeUpCommand(job: CommandJob, room: CommandRoom): Promise<void> {
  if (await acknowledge(job, room)) await handleComment(job, room);
}

/** The lane of the command that a comment is; what is none is answered at once. */
export function laneOfCommand(body: string): Lane {
  const parsed = parseComment(body);
  return (parsed.kind === 'command' ? commandNamed(parsed.name)?.lane : undefined) ?? 'answers';
}

/** False when the comment is gone: whoever took it back does not want it done. */
async function acknowledge({ commentId }: CommentJob | CommandJob, { api }: CommandRoom): Promise<boolean> {
  try {
    await api.issues.acknowledge(commentId);
    return true;
  } catch (error) {
    if (statusBehind(error) === 404) return false;
    throw error;
  }
}
