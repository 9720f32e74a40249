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

const Answer = z.looseObject({
  repository: z
    .looseObject({
      issue: z
        .looseObject({ editor: z.looseObject({ login: z.string() }).nullish(), lastEditedAt: z.string().nullish() })
        .nullable(),
    })
    .nullable(),
});

const QUERY = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { issue(number: $number) { lastEditedAt editor { login } } }
}`;

/** Who last edited an issue's text; null when nobody did, or the forge has no GraphQL and cannot say. */
export async function editorOf(client: PollingApi, { owner, name }: RepositoryName, number: number): Promise<Editor | null> {
  try {
    const { repository } = Answer.parse(await client.graphql(QUERY, { owner, name, number }));
    const { editor, lastEditedAt } = repository?.issue ?? {};
    return editor == null || lastEditedAt == null ? null : { login: editor.login, at: lastEditedAt };
  } catch (error) {
    if (statusBehind(error) === 404) return null;
    throw error;
  }
}
