import type { Job } from '#bot/github/job-queue.ts';
import { type CheckedBox, checkedBoxes, lapsedBoxes } from '#bot/orchestrator/dashboard/boxes.ts';
import { Answer } from './answer.ts';
import type { CommandRoom } from './command.ts';
import { commandNamed } from './index.ts';
import { once } from './kept-answers.ts';
import { perform } from './perform.ts';

type EditJob = Extract<Job, { kind: 'issue-edited' }>;
type BoxJob = Extract<Job, { kind: 'box' }>;

/**
 * Takes up what somebody ticked on the dashboard: a job for each box, and a word about those that are out of date.
 * @param rendered what the bot would write there now
 * @param putOff adds a job
 */
export async function handleBoxes(
  { number, sender, body, before, at }: EditJob,
  rendered: string,
  { api, login }: Pick<CommandRoom, 'api' | 'login'>,
  putOff: (job: BoxJob) => void,
): Promise<void> {
  const lapsed = lapsedBoxes(body, rendered, before);
  if (lapsed.length > 0) {
    const answer = new Answer(api.issues, { number, to: `edit:${at}`, login });
    await answer.write(`@${sender} ticked what is out of date. ${lapsed.map(outOfDate).join(' ')} Nothing was done.`);
  }
  // Last: whatever fails before this is tried again, and adds none of them twice.
  for (const box of checkedBoxes(body, rendered, before)) putOff({ kind: 'box', ...box, sender, at });
}

function outOfDate({ command, number, head }: CheckedBox): string {
  return `\`/${command}\` was for \`${head}\` of #${number}, which is closed now or has another head.`;
}

/**
 * Does what a box stands for, as if whoever ticked it had commented it: the same permission is asked, and the answer stands on the pull
 * request it is about. A head that moved since is told instead.
 */
export async function handleBox({ command: name, number, head, sender, at }: BoxJob, room: CommandRoom): Promise<void> {
  const command = commandNamed(name);
  if (command === null) return;
  const answer = new Answer(room.api.issues, { number, to: `box:${name}:${at}`, login: room.login });
  const act = async (): Promise<string> => {
    const { headSha } = await room.api.pullRequest(number);
    if (!headSha.startsWith(head))
      return `It was for \`${head}\`; the head is \`${headSha.slice(0, 12)}\` now. Nothing was done.`;
    return perform(command, { number, isPullRequest: true, author: sender, commentId: null, words: [] }, room, answer);
  };
  // One that was done, and whose answer could not be written, may have moved the head itself.
  const done = await once(room.kept, `box:${name}:${number}:${at}`, act);
  await answer.write(`@${sender} ticked \`/${name}\` on the dashboard. ${done}`);
}
