import type { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { statusBehind } from './refusal.ts';
import type { Api, RepositoryName } from './repository-api.ts';

/** A client that can also ask in GraphQL: REST does not say who edited a text. */
export type PollingApi = Api & Pick<Octokit, 'graphql'>;

export interface Editor {
  readonly login: string;
  /** As the forge writes it, ISO 8601. */
  readonly at: string;
}

/** In GraphQL the account of a bot has the bare name of its App, which a person may have too: the kind tells them apart. */
const Account = z.looseObject({ __typename: z.string().default('User'), login: z.string() }).nullish();
const Edits = z
  .looseObject({ nodes: z.array(z.looseObject({ editedAt: z.string(), editor: Account }).nullable()).nullish() })
  .nullish();
type Edits = z.infer<typeof Edits>;

const Answer = z.looseObject({
  repository: z
    .looseObject({
      issue: z.looseObject({ editor: Account, lastEditedAt: z.string().nullish(), first: Edits, last: Edits }).nullable(),
    })
    .nullable(),
});

// Which end the newest edits stand at is not documented, so both are asked for.
const EDITS = 'nodes { editedAt editor { __typename login } }';
const QUERY = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { issue(number: $number) {
    lastEditedAt
    editor { __typename login }
    first: userContentEdits(first: 30) { ${EDITS} }
    last: userContentEdits(last: 30) { ${EDITS} }
  } }
}`;

/**
 * The person who has edited an issue's text since a bot last wrote it; null when nobody did, when several did, of whom nobody can say who
 * changed what, or when the forge has no GraphQL and cannot say.
 */
export async function editorOf(client: PollingApi, { owner, name }: RepositoryName, number: number): Promise<Editor | null> {
  try {
    const { repository } = Answer.parse(await client.graphql(QUERY, { owner, name, number }));
    const { editor, lastEditedAt, first, last } = repository?.issue ?? {};
    if (editor == null || editor.__typename !== 'User' || lastEditedAt == null) return null;
    return isAlone(editor.login, [first, last]) ? { login: editor.login, at: lastEditedAt } : null;
  } catch (error) {
    if (statusBehind(error) === 404) return null;
    throw error;
  }
}

/** Whether one person made all the edits since the last one by a bot, as far back as was told. */
function isAlone(login: string, pages: readonly Edits[]): boolean {
  const edits = pages.flatMap((page) => page?.nodes ?? []).flatMap((edit) => (edit === null ? [] : [edit]));
  const newestFirst = edits.toSorted((left, right) => Date.parse(right.editedAt) - Date.parse(left.editedAt));
  const end = newestFirst.findIndex(({ editor }) => editor?.__typename === 'Bot');
  return newestFirst.slice(0, end < 0 ? undefined : end).every(({ editor }) => editor?.login === login);
}
