import { stringify } from 'yaml';
import { CODE_OWNERS_PATH, codeOwners } from './code-owners.ts';
import type { RepositoryFiles } from './deployment-files.ts';

export interface Team {
  /** `owner/name` of the repository. */
  readonly repository: string;
  /** The API's root when it is not GitHub's. */
  readonly apiUrl: string | null;
  /** Who is asked to look at changes of policies, workflows and strategies: see `ownersIn`. */
  readonly codeOwners: readonly string[];
}

/** What a team has beside strategies and policies: who is asked, what issues look like, how the bot runs. */
export function teamFiles(team: Team): RepositoryFiles {
  const files: Record<string, string> = {
    [CODE_OWNERS_PATH]: codeOwners(team.codeOwners),
    '.github/ISSUE_TEMPLATE/config.yml': stringify({ blank_issues_enabled: true }),
    '.github/ISSUE_TEMPLATE/strategy-idea.yml': stringify(STRATEGY_IDEA),
    '.github/ISSUE_TEMPLATE/trouble.yml': stringify(TROUBLE),
    '.gitignore': 'node_modules/\nvar/\n*.pem\n.env\n',
    'ratchet.yaml': settings(team),
  };
  return new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
}

function settings({ repository, apiUrl }: Team): string {
  const comment = '# Settings of ratchet bot serve and its kin. RATCHET_… in the environment and flags override them.';
  return `${comment}\n${stringify({ repository, ...(apiUrl === null ? {} : { apiUrl }), pollSeconds: 30 })}`;
}

// Labels of the forms are those that every new repository of GitHub's has: GitHub leaves out one that does not exist.
const STRATEGY_IDEA = {
  name: 'Idea for a strategy',
  description: 'Something a night could try. The machine reads what is written here as a wish, not as an order.',
  title: 'Idea: ',
  labels: ['enhancement'],
  body: [
    {
      type: 'input',
      id: 'strategy',
      attributes: { label: 'Strategy', description: 'Which one it is about, or a name for a new one.', placeholder: 'ema-cross' },
      validations: { required: true },
    },
    {
      type: 'textarea',
      id: 'hypothesis',
      attributes: { label: 'Why it should earn', description: 'What in the market makes it work, and who pays for it.' },
      validations: { required: true },
    },
    {
      type: 'textarea',
      id: 'refutation',
      attributes: { label: 'What would show that it does not', description: 'A result after which you would drop it.' },
      validations: { required: true },
    },
  ],
};

const TROUBLE = {
  name: 'Trouble',
  description: 'Something runs that should not, or does not run that should.',
  labels: ['bug'],
  body: [
    {
      type: 'textarea',
      id: 'seen',
      attributes: { label: 'What you saw', description: 'And what you expected instead.' },
      validations: { required: true },
    },
    {
      type: 'textarea',
      id: 'status',
      attributes: { label: 'What ratchet status or /status said', render: 'text' },
    },
    {
      type: 'markdown',
      attributes: { value: 'To stop entries at once, comment `/pause` or `/halt`; exits and stops go on.' },
    },
  ],
};
