import type { Api, RepositoryName } from './repository-api.ts';

/** What somebody wrote under an issue or a pull request. */
export interface IssueComment {
  readonly id: number;
  readonly number: number;
  readonly url: string;
  readonly author: string;
  readonly isBot: boolean;
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Issue {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly state: 'open' | 'closed';
}

/** GitHub's limit on a comment's body, in characters; what is longer is cut at a line, and says so. */
const BODY_LIMIT = 60_000;
const CUT = '\n\n… The rest is too long for a comment.';

/** Issues and what is said under them; a pull request is an issue too. */
export class IssuesApi {
  readonly #api: Api;
  readonly #repo: { readonly owner: string; readonly repo: string };

  constructor(api: Api, { owner, name }: RepositoryName) {
    this.#api = api;
    this.#repo = { owner, repo: name };
  }

  /** A pair of eyes on a comment: seen, working on it. */
  async acknowledge(commentId: number): Promise<void> {
    await this.#api.rest.reactions.createForIssueComment({ ...this.#repo, comment_id: commentId, content: 'eyes' });
  }

  async comment(number: number, body: string): Promise<IssueComment> {
    const { data } = await this.#api.rest.issues.createComment({ ...this.#repo, issue_number: number, body: bounded(body) });
    return commentOf(data);
  }

  async rewriteComment(commentId: number, body: string): Promise<void> {
    await this.#api.rest.issues.updateComment({ ...this.#repo, comment_id: commentId, body: bounded(body) });
  }

  /** Comments under one issue, oldest first. @param since ISO 8601: only those written or edited at that moment or later */
  async comments(number: number, since?: string): Promise<readonly IssueComment[]> {
    const list = await this.#api.paginate(this.#api.rest.issues.listComments, {
      ...this.#repo,
      issue_number: number,
      per_page: 100,
      ...(since === undefined ? {} : { since }),
    });
    return list.map(commentOf);
  }

  async issue(number: number): Promise<Issue> {
    const { data } = await this.#api.rest.issues.get({ ...this.#repo, issue_number: number });
    return issueOf(data);
  }

  async listOpen(label: string): Promise<readonly Issue[]> {
    const issues = await this.#api.paginate(this.#api.rest.issues.listForRepo, {
      ...this.#repo,
      state: 'open',
      labels: label,
      per_page: 100,
    });
    return issues.filter((issue) => issue.pull_request === undefined || issue.pull_request === null).map(issueOf);
  }

  /** Those that `login` has opened: whoever may put on labels may put this one on another's. */
  async listOpenBy(login: string, label: string): Promise<readonly Issue[]> {
    return (await this.listOpen(label)).filter(({ author }) => author === login);
  }

  async open(title: string, body: string, labels: readonly string[]): Promise<Issue> {
    const { data } = await this.#api.rest.issues.create({ ...this.#repo, title, body: bounded(body), labels: [...labels] });
    return issueOf(data);
  }

  async rewrite(number: number, text: { title?: string; body?: string }): Promise<void> {
    const body = text.body === undefined ? {} : { body: bounded(text.body) };
    await this.#api.rest.issues.update({ ...this.#repo, issue_number: number, ...text, ...body });
  }

  async close(number: number): Promise<void> {
    await this.#api.rest.issues.update({ ...this.#repo, issue_number: number, state: 'closed' });
  }
}

/** Cut at a line, with the hidden mark at its end kept: by that the bot finds what it has written. */
export function bounded(body: string): string {
  if (body.length <= BODY_LIMIT) return body;
  const mark = /\n{0,2}<!-- ratchet:[^>]{1,200} -->\s*$/.exec(body)?.[0] ?? '';
  const room = body.slice(0, BODY_LIMIT - CUT.length - mark.length);
  const end = room.lastIndexOf('\n');
  return `${end > 0 ? room.slice(0, end) : room}${CUT}${mark}`;
}

interface RawUser {
  readonly login: string;
  readonly type?: string;
}

function commentOf(raw: {
  id: number;
  issue_url: string;
  html_url: string;
  user: RawUser | null;
  body?: string;
  created_at: string;
  updated_at: string;
}): IssueComment {
  return {
    id: raw.id,
    number: Number(raw.issue_url.slice(raw.issue_url.lastIndexOf('/') + 1)),
    url: raw.html_url,
    author: raw.user?.login ?? 'ghost',
    isBot: raw.user?.type === 'Bot',
    body: raw.body ?? '',
    createdAt: raw.created_at,
    updatedAt: raw.updated_at,
  };
}

function issueOf(raw: {
  number: number;
  html_url: string;
  title: string;
  body?: string | null | undefined;
  user: RawUser | null;
  state: string;
}): Issue {
  return {
    number: raw.number,
    url: raw.html_url,
    title: raw.title,
    body: raw.body ?? '',
    author: raw.user?.login ?? 'ghost',
    state: raw.state === 'open' ? 'open' : 'closed',
  };
}
