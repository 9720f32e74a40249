import { explain } from '#engine/errors.ts';
import { comeBackAt, type Refusal, refusalBehind } from './refusal.ts';

/** What a request wanted, by its method and path; the first that matches. */
const DEEDS: readonly (readonly [RegExp, string])[] = [
  [/^POST \S*\/reactions$/, 'show that a comment was seen'],
  [/^POST \S*\/comments$/, 'write a comment'],
  [/^PATCH \S*\/comments\/\d+$/, 'edit a comment'],
  [/^GET \S*\/comments\b/, 'read the comments'],
  [/^POST \S*\/pulls$/, 'open a pull request'],
  [/^PATCH \S*\/pulls\/\d+$/, 'edit or close a pull request'],
  [/^PUT \S*\/pulls\/\d+\/merge$/, 'merge a pull request'],
  [/^GET \S*\/pulls\b/, 'read the pull requests'],
  [/^(POST|DELETE) \S*\/labels\b/, 'change labels'],
  [/^POST \S*\/issues$/, 'open an issue'],
  [/^PATCH \S*\/issues\/\d+$/, 'edit or close an issue'],
  [/^GET \S*\/issues\b/, 'read the issues'],
  [/^(POST|PATCH) \S*\/check-runs\b/, 'write a check'],
  [/^GET \S*\/check-runs\b/, 'read the checks'],
  [/^POST \S*\/statuses$/, 'tell the status of a deployment'],
  [/^POST \S*\/deployments$/, 'record a deployment'],
  [/^DELETE \S*\/git\/refs\//, 'remove a branch'],
  [/^GET \S*\/collaborators\/[^/]+\/permission$/, 'say what a person may do'],
  [/^POST \S*\/access_tokens$/, 'give the bot its token'],
];

/** What failed and what to do about it, for whoever asked: a refusal of GitHub's by what was asked for, anything else as it says itself. */
export function refusalInWords(error: unknown): string {
  const refusal = refusalBehind(error);
  if (refusal === null) return explain(error);
  const said = refusal.message.replace(/ - https?:\S+$/, '').replace(/\.$/, '');
  const deed = deedOf(refusal);
  if (refusal.response === undefined)
    return `GitHub gave no answer when it was asked to ${deed}: ${said}. Ask again when it can be reached from where the bot runs.`;
  return `GitHub answered ${refusal.status} when it was asked to ${deed}: ${said}. ${remedy(refusal, error)}`;
}

function deedOf({ request }: Refusal): string {
  if (request === undefined) return 'do its part';
  const asked = `${request.method} ${request.url.replace(/\?.*$/s, '')}`;
  return DEEDS.find(([pattern]) => pattern.test(asked))?.[1] ?? 'do its part';
}

function remedy({ status }: Refusal, error: unknown): string {
  if (comeBackAt(error, 0) !== null) return 'It takes no more requests for now; ask again in an hour.';
  if (status >= 500) return 'That is trouble on its side; ask again later.';
  switch (status) {
    case 401:
      return "The App's key or the clock of the bot's machine is wrong; `ratchet doctor` looks at both.";
    case 403:
      return "Look at the App's permissions and the branch rules; `ratchet doctor` says which are missing.";
    case 404:
      return 'It is gone, or the App may not see it; look whether it is still there, and where the App is installed.';
    case 409:
      return 'Somebody changed the same thing at that moment; look at it as it is now, and ask again.';
    case 422:
      return "It does not take what it was given; the bot's log has the request.";
    default:
      return "The bot's log has the request.";
  }
}
