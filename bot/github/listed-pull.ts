/** A pull request as a list shows it. */
export interface ListedPull {
  readonly number: number;
  readonly headRef: string;
  readonly headSha: string;
  readonly author: string;
  readonly state: 'open' | 'closed';
  readonly isMerged: boolean;
  readonly openedAt: string;
  /** Null while it is open. */
  readonly closedAt: string | null;
}

/** What a list of pull requests says of one. */
export function listed(raw: {
  number: number;
  head: { ref: string; sha: string };
  user: { login: string } | null;
  state: string;
  merged_at: string | null;
  created_at: string;
  closed_at: string | null;
}): ListedPull {
  return {
    number: raw.number,
    headRef: raw.head.ref,
    headSha: raw.head.sha,
    author: raw.user?.login ?? 'ghost',
    state: raw.state === 'open' ? 'open' : 'closed',
    isMerged: raw.merged_at !== null,
    openedAt: raw.created_at,
    closedAt: raw.closed_at,
  };
}

/** Whether its branch is one of the repository that it is for, so that its name was given by somebody who may write there. */
export function isOfThisRepository({
  head,
  base,
}: {
  head: { repo?: { full_name: string } | null };
  base: { repo: { full_name: string } };
}): boolean {
  return head.repo?.full_name === base.repo.full_name;
}
