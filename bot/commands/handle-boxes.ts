import type { Job } from '#bot/github/job-queue.ts';
import { checkedBoxes } from '#bot/orchestrator/dashboard/boxes.ts';
import { Answer } from './answer.ts';
import type { CommandRoom } from './command.ts';
import { commandNamed } from './index.ts';
import { perform } from './perform.ts';

/**
 * Does what the boxes stand for that somebody ticked on the dashboard, as if they had commented it: the same permission is asked, and
 * the answer stands on the pull request it is about.
 * @param rendered what the bot would write there now
 */
export async function handleBoxes(
  { sender, body, before, at }: Extract<Job, { kind: 'issue-edited' }>,
  rendered: string,
  room: CommandRoom,
): Promise<void> {
  for (const box of checkedBoxes(body, rendered, before)) {
    const command = commandNamed(box.command);
    if (command === null) continue;
    const { number } = box;
    const answer = new Answer(room.api.issues, { number, to: `box:${box.command}:${at}`, login: room.login });
    const request = { number, isPullRequest: true, author: sender, commentId: null, words: [] };
    await answer.write(
      `@${sender} ticked \`/${box.command}\` on the dashboard. ${await perform(command, request, room, answer)}`,
    );
  }
}
