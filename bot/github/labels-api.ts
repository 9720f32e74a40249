import { statusBehind } from './refusal.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** The labels an issue or a pull request wears. Labels that the repository does not have yet are made by the forge. */
export class LabelsApi {
  readonly #api: Api;
  readonly #repo: { readonly owner: string; readonly repo: string };

  constructor(api: Api, { owner, name }: RepositoryName) {
    this.#api = api;
    this.#repo = { owner, repo: name };
  }

  async of(number: number): Promise<readonly string[]> {
    const which = { ...this.#repo, issue_number: number, per_page: 100 };
    const labels = await this.#api.paginate(this.#api.rest.issues.listLabelsOnIssue, which);
    return labels.map(({ name }) => name);
  }

  async add(number: number, names: readonly string[]): Promise<void> {
    await this.#api.rest.issues.addLabels({ ...this.#repo, issue_number: number, labels: [...names] });
  }

  /** Takes one label off; one that is not worn is what was wanted. */
  async remove(number: number, name: string): Promise<void> {
    try {
      await this.#api.rest.issues.removeLabel({ ...this.#repo, issue_number: number, name });
    } catch (error) {
      // Who may not take it off is told the same as who comes too late.
      if (statusBehind(error) !== 404 || (await this.of(number)).includes(name)) throw error;
    }
  }

  /** Issues that wear a label, open and closed, pull requests not among them. */
  async issuesWith(
    label: string,
  ): Promise<readonly { number: number; url: string; title: string; author: string; body: string; state: 'open' | 'closed' }[]> {
    const which = { ...this.#repo, labels: label, state: 'all', per_page: 100 } as const;
    const issues = await this.#api.paginate(this.#api.rest.issues.listForRepo, which);
    return issues
      .filter((issue) => issue.pull_request === undefined || issue.pull_request === null)
      .map(({ number, html_url, title, user, body, state }) => ({
        number,
        url: html_url,
        title,
        author: user?.login ?? 'ghost',
        body: body ?? '',
        state: state === 'open' ? ('open' as const) : ('closed' as const),
      }));
  }
}
