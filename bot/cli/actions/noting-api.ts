import { type Issue, type IssueComment, IssuesApi } from '#bot/github/issues-api.ts';
import { type Api, type PullRequest, RepositoryApi, type RepositoryName } from '#bot/github/repository-api.ts';
import { NightNote } from './night-result.ts';

/** The number of the pull request that somebody else will open. */
const NOT_THERE_YET = 0;

/**
 * GitHub as a night sees it in a job that may write nothing: it reads as ever, and what it would write is noted down for the job
 * that may. A write that is not noted goes out, and is refused, because the job's token cannot write.
 */
export class NotingApi extends RepositoryApi {
  override readonly issues: IssuesApi;
  readonly notes: NightNote[] = [];

  constructor(api: Api, repository: RepositoryName) {
    super(api, repository, 0);
    this.issues = new NotingIssues(api, repository, this.notes);
  }

  /** The one that will be: it has no number yet. */
  override async openPullRequest(request: { title: string; headRef: string; baseRef: string }): Promise<PullRequest> {
    const { title, headRef, baseRef } = request;
    const nobody = {
      number: NOT_THERE_YET,
      url: '',
      author: '',
      isFromFork: false,
      headSha: '',
      baseSha: '',
      isMerged: false,
      mergeCommit: null,
    };
    return { ...nobody, title, body: '', headRef, baseRef, state: 'open' };
  }

  override async label(): Promise<void> {
    // It belongs to the pull request that is not there yet; whoever opens it labels it.
  }
}

class NotingIssues extends IssuesApi {
  readonly #notes: NightNote[];

  constructor(api: Api, repository: RepositoryName, notes: NightNote[]) {
    super(api, repository);
    this.#notes = notes;
  }

  override async open(title: string, body: string, labels: readonly string[]): Promise<Issue> {
    this.#notes.push(NightNote.parse({ kind: 'open-issue', title, body, labels }));
    return { number: 0, url: '', title, body, author: '', state: 'open' };
  }

  override async comments(number: number): Promise<readonly IssueComment[]> {
    return number === NOT_THERE_YET ? [] : super.comments(number);
  }

  override async comment(number: number, body: string): Promise<IssueComment> {
    // What is said under a pull request that is not there yet is said by whoever opens it.
    if (number !== NOT_THERE_YET) this.#notes.push({ kind: 'comment', number, body });
    return { id: 0, number, url: '', author: '', isBot: true, body, createdAt: '', updatedAt: '' };
  }

  override async close(number: number): Promise<void> {
    this.#notes.push({ kind: 'close-issue', number });
  }
}
