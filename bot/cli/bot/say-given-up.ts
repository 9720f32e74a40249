import { Answer } from '#bot/commands/answer.ts';
import { text as shown } from '#bot/evidence/markdown.ts';
import { FINAL_GATE } from '#bot/gates/outcome.ts';
import type { Job } from '#bot/github/job-queue.ts';
import { refusalInWords } from '#bot/github/refusal-in-words.ts';
import type { RepositoryApi } from '#bot/github/repository-api.ts';
import { checkedBoxes } from '#bot/orchestrator/dashboard/boxes.ts';
import { findDashboard } from '#bot/orchestrator/dashboard/keep-dashboard.ts';

export interface SayingGivenUp {
  readonly api: RepositoryApi;
  /** The bot's own account. */
  readonly login: string;
}

/**
 * Says of a job that is not tried again that it failed, by what, and what to do: a command where it was written, a box on the dashboard,
 * a proof in the final check, which would otherwise say for ever that it runs. What nobody asked for stands in the log.
 */
export async function sayGivenUp(job: Job, error: unknown, { api, login }: SayingGivenUp): Promise<void> {
  const why = `This could not be done, and is not tried again: ${shown(refusalInWords(error))}`;
  switch (job.kind) {
    case 'comment':
    case 'command': {
      const answer = new Answer(api.issues, { number: job.number, to: job.commentId, login });
      await answer.write(`${why}\n\nWhat was begun is safe to ask for again; write the command in a new comment.`);
      return;
    }
    case 'box': {
      const answer = new Answer(api.issues, { number: job.number, to: `box:${job.command}:${job.at}`, login });
      await answer.write(
        `@${job.sender} ticked \`/${job.command}\` on the dashboard. ${why}\n\nWrite the command in a comment here instead.`,
      );
      return;
    }
    case 'issue-edited': {
      if (checkedBoxes(job.body, job.body.replace(/\[[xX]\]/g, '[ ]'), job.before).length === 0) return;
      if ((await findDashboard({ api, botLogin: login }))?.number !== job.number) return;
      const answer = new Answer(api.issues, { number: job.number, to: `edit:${job.at}`, login });
      await answer.write(`@${job.sender} ticked a box. ${why}\n\nWrite the command in a comment on its pull request instead.`);
      return;
    }
    case 'gates': {
      const { state, headSha } = await api.pullRequest(job.number);
      const { [FINAL_GATE]: gate } = await api.checkConclusions(headSha);
      // What failed came after the gates, such as a merge by policy: they have spoken.
      if (state === 'open' && gate !== 'success') await refuse(headSha, `${why}\n\nComment \`/retest\` to have it proven.`, api);
      return;
    }
    case 'merge-group':
      return refuse(job.head, `${why}\n\nPut it into the merge queue again.`, api);
    case 'main-moved':
    case 'tend':
    case 'state-moved':
    case 'dashboard':
    case 'repair':
    case 'night':
      return;
    default:
      job satisfies never;
  }
}

async function refuse(head: string, summary: string, api: RepositoryApi): Promise<void> {
  const output = { title: 'The gates could not be run', summary, annotations: [] };
  await api.writeCheck(FINAL_GATE, head, { status: 'completed', conclusion: 'failure' }, output);
}
